#include "gds/crypto/digest.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace gds::crypto {

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// OpenSSL's way to a passphrase. Without one of our own it would ask the terminal.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

Result<std::unique_ptr<EVP_PKEY, Free>> read_rsa_key(const std::string& pem) {
    const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    bool encrypted = false;
    std::unique_ptr<EVP_PKEY, Free> key(
        bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &encrypted) : nullptr);
    ERR_clear_error();
    if (encrypted) {
        return error(Code::invalid_argument, "the private key is encrypted by a passphrase");
    }
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
        return error(Code::invalid_argument, "the private key is not an RSA key in PEM form");
    }
    return key;
}

}  // namespace

std::string base64url(std::string_view bytes) {
    // EVP_EncodeBlock writes padded base64 and a final NUL.
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    while (!text.empty() && text.back() == '=') {
        text.pop_back();
    }
    for (char& c : text) {
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return text;
}

Result<std::string> sign_rs256(std::string_view text, const std::string& private_key_pem) {
    const std::unique_ptr<EVP_PKEY, Free> key = GDS_TRY(read_rsa_key(private_key_pem));
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    std::size_t length = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &length, bytes_of(text), text.size()) != 1) {
        return error(Code::internal, "OpenSSL cannot sign with this key");
    }
    std::string signature(length, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes_of(text), text.size()) != 1) {
        return error(Code::internal, "OpenSSL cannot sign with this key");
    }
    signature.resize(length);
    return signature;
}

}  // namespace gds::crypto
