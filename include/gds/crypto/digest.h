#pragma once

#include "gds/base/result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gds::crypto {

enum class Algorithm : std::uint8_t { md5, sha1, sha256, sha384, sha512 };

/// Length in bytes of a digest: 16, 20, 32, 48 or 64.
std::size_t digest_size(Algorithm algorithm);

/// An incremental digest (OpenSSL EVP).
class Digest {
public:
    explicit Digest(Algorithm algorithm);
    ~Digest();
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    void update(std::string_view bytes);
    /// The raw digest; the object cannot be used afterwards.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Raw digest of a whole string.
std::string digest(Algorithm algorithm, std::string_view bytes);

/// Raw digest of an open file, read from its start in blocks of a fixed size; `read` bytes counted.
Result<std::string> digest_file(int fd, Algorithm algorithm, std::int64_t* read = nullptr);

/// True where the CPU has SHA instructions, which make SHA-256 cheaper than MD5.
bool has_fast_sha256();

/// base64url without padding (RFC 4648 section 5).
std::string base64url(std::string_view bytes);

/// RS256 signature (RFC 7518 section 3.3) by a PEM private key. Error: invalid_argument.
Result<std::string> sign_rs256(std::string_view text, const std::string& private_key_pem);

}  // namespace gds::crypto
