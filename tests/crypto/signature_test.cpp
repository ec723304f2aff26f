#include "gds/base/fd.h"
#include "gds/crypto/digest.h"

#include <gmock/gmock.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <memory>
#include <string>

namespace gds::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Free {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

/// A new RSA key in PEM form, encrypted where a passphrase is given.
std::string private_key(std::string passphrase = "") {
    const std::unique_ptr<EVP_PKEY, Free> key(EVP_RSA_gen(2048));
    const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
    const EVP_CIPHER* cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
    EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), cipher, passphrase.data(),
                                            static_cast<int>(passphrase.size()), nullptr, nullptr),
              1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

struct Terminal {
    std::string text;  // what was written to it
    bool answer = false;
};

/// `body`, which says yes or no, in a process of its own that has a terminal. A newline is waiting
/// there as input, so that one who asks gets an answer.
template <class Body>
Terminal on_a_terminal(const Body& body) {
    int ours_fd = -1;
    int theirs_fd = -1;
    EXPECT_EQ(::openpty(&ours_fd, &theirs_fd, nullptr, nullptr, nullptr), 0);
    const Fd ours(ours_fd);
    Fd theirs(theirs_fd);
    EXPECT_EQ(::write(ours.get(), "\n", 1), 1);
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(::login_tty(theirs.get()) == 0 && body() ? 0 : 1);
    }
    theirs = Fd();
    Terminal seen;
    std::array<char, 4096> block{};
    ssize_t count = 0;
    while ((count = ::read(ours.get(), block.data(), block.size())) > 0) {
        seen.text.append(block.data(), static_cast<std::size_t>(count));
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    seen.answer = status == 0;
    return seen;
}

TEST(SignRs256, SaysThatAKeyIsEncrypted) {
    const auto signature = sign_rs256("text", private_key("secret"));
    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().code, Code::invalid_argument);
    EXPECT_THAT(signature.error().message, HasSubstr("encrypted"));
}

TEST(SignRs256, NeverAsksATerminalForAPassphrase) {
    const std::string key = private_key("secret");
    const Terminal seen = on_a_terminal([&key] { return !sign_rs256("text", key); });
    EXPECT_TRUE(seen.answer);
    EXPECT_THAT(seen.text, Not(HasSubstr("pass phrase")));
}

TEST(SignRs256, TakesOnlyRsaKeys) {
    EXPECT_TRUE(sign_rs256("text", private_key()));
    for (const char* other : {"", "no key", "-----BEGIN PRIVATE KEY-----\nAA\n"}) {
        EXPECT_EQ(sign_rs256("text", other).error().code, Code::invalid_argument) << other;
    }
}

}  // namespace
}  // namespace gds::crypto
