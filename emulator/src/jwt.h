#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace emulator {

/// The parts of a service account's assertion (RFC 7523) that count here.
struct Jwt {
    std::string algorithm, issuer, subject, scope, audience;
    std::int64_t issued_at = 0, expires_at = 0;
    std::string signed_text, signature;
};

std::optional<Jwt> parse_jwt(std::string_view text);
/// True where `public_key_pem` made the signature.
bool verify_rs256(const Jwt& jwt, const std::string& public_key_pem);

/// A service account's key file, as Google hands it out, and what it takes to check it.
struct ServiceAccountKey {
    std::string email;
    std::string public_key_pem;
    std::string key_file;  ///< the JSON, with the private key
};

/// A new account with a key of its own.
std::optional<ServiceAccountKey> make_service_account(const std::string& token_uri);
/// From such a JSON; nullopt where it is none.
std::optional<ServiceAccountKey> read_service_account(const std::string& key_file);

}  // namespace emulator
