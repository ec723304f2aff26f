#include "jwt.h"

#include "digest.h"
#include "free_with.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

std::string public_pem(const Key& key) {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(bio.get(), key.get());
    return text_of(bio);
}

std::string member(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t seconds(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

}  // namespace

std::optional<Jwt> parse_jwt(std::string_view text) {
    const auto first = text.find('.');
    const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const json header = json::parse(from_base64(text.substr(0, first)), nullptr, false);
    const json claims =
        json::parse(from_base64(text.substr(first + 1, second - first - 1)), nullptr, false);
    if (!header.is_object() || !claims.is_object()) {
        return std::nullopt;
    }
    Jwt jwt;
    jwt.algorithm = member(header, "alg");
    jwt.issuer = member(claims, "iss");
    jwt.subject = member(claims, "sub");
    jwt.scope = member(claims, "scope");
    jwt.audience = member(claims, "aud");
    jwt.issued_at = seconds(claims, "iat");
    jwt.expires_at = seconds(claims, "exp");
    jwt.signed_text = text.substr(0, second);
    jwt.signature = from_base64(text.substr(second + 1));
    return jwt;
}

bool verify_rs256(const Jwt& jwt, const std::string& public_key_pem) {
    const Bio bio(BIO_new_mem_buf(public_key_pem.data(), static_cast<int>(public_key_pem.size())));
    const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    const Context context(EVP_MD_CTX_new());
    return key != nullptr &&
           EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(
               context.get(), reinterpret_cast<const unsigned char*>(jwt.signature.data()),
               jwt.signature.size(), reinterpret_cast<const unsigned char*>(jwt.signed_text.data()),
               jwt.signed_text.size()) == 1;
}

std::optional<ServiceAccountKey> make_service_account(const std::string& token_uri) {
    const Key key(EVP_RSA_gen(2048));
    if (!key) {
        return std::nullopt;
    }
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    ServiceAccountKey account;
    account.email = "mirror@emulated-project.iam.gserviceaccount.com";
    account.public_key_pem = public_pem(key);
    account.key_file = json{{"type", "service_account"},
                            {"project_id", "emulated-project"},
                            {"private_key_id", random_token(20)},
                            {"private_key", text_of(bio)},
                            {"client_email", account.email},
                            {"client_id", "100000000000000000001"},
                            {"auth_uri", "https://accounts.google.com/o/oauth2/auth"},
                            {"token_uri", token_uri}}
                           .dump(2) +
                       "\n";
    return account;
}

std::optional<ServiceAccountKey> read_service_account(const std::string& key_file) {
    const json file = json::parse(key_file, nullptr, false);
    if (!file.is_object()) {
        return std::nullopt;
    }
    const std::string pem = member(file, "private_key");
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (!key) {
        return std::nullopt;
    }
    return ServiceAccountKey{member(file, "client_email"), public_pem(key), key_file};
}

}  // namespace emulator
