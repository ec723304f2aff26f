#include "gds/crypto/digest.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

namespace gds::crypto {

namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const char* name_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::md5: return "MD5";
        case Algorithm::sha1: return "SHA1";
        case Algorithm::sha256: return "SHA2-256";
        case Algorithm::sha384: return "SHA2-384";
        case Algorithm::sha512: return "SHA2-512";
    }
    return "";
}

/// Looked for once: what EVP_sha256() gives is looked for again at each use, which costs as much as
/// a few hundred bytes.
const EVP_MD* type_of(Algorithm algorithm) {
    static constexpr std::size_t kAlgorithms = 5;
    static const auto types = [] {
        std::array<const EVP_MD*, kAlgorithms> found{};
        for (std::size_t i = 0; i < found.size(); ++i) {
            found.at(i) = EVP_MD_fetch(nullptr, name_of(static_cast<Algorithm>(i)), nullptr);
        }
        return found;
    }();
    return types.at(static_cast<std::size_t>(algorithm));
}

constexpr std::size_t kReadBlock = 256 * 1024;

}  // namespace

std::size_t digest_size(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::md5: return 16;
        case Algorithm::sha1: return 20;
        case Algorithm::sha256: return 32;
        case Algorithm::sha384: return 48;
        case Algorithm::sha512: return 64;
    }
    return 0;
}

struct Digest::State {
    std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

Digest::Digest(Algorithm algorithm) : state_(std::make_unique<State>()) {
    // These fail only without memory, or where OpenSSL has no such digest: nothing could go on.
    if (!state_->context ||
        EVP_DigestInit_ex(state_->context.get(), type_of(algorithm), nullptr) != 1) {
        std::abort();
    }
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::string_view bytes) {
    if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) {
        std::abort();
    }
}

std::string Digest::finish() {
    std::string raw(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    if (EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(raw.data()),
                           &length) != 1) {
        std::abort();
    }
    raw.resize(length);
    return raw;
}

std::string digest(Algorithm algorithm, std::string_view bytes) {
    Digest state(algorithm);
    state.update(bytes);
    return state.finish();
}

Result<std::string> digest_file(int fd, Algorithm algorithm, std::int64_t* read) {
    Digest state(algorithm);
    std::vector<char> buffer(kReadBlock);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    std::int64_t offset = 0;
    for (;;) {
        const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno_error(errno, "read");
        }
        if (count == 0) {
            break;
        }
        state.update({buffer.data(), static_cast<std::size_t>(count)});
        offset += count;
    }
    if (read != nullptr) {
        *read = offset;
    }
    return state.finish();
}

bool has_fast_sha256() {
#if defined(__x86_64__)
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    static constexpr unsigned kShaExtensions = 1U << 29U;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kShaExtensions) != 0;
#elif defined(__aarch64__)
    return (getauxval(AT_HWCAP) & HWCAP_SHA2) != 0;
#else
    return false;
#endif
}

}  // namespace gds::crypto
