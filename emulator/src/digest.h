#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace emulator {

/// The checksums Drive gives for binary content.
enum class Hash : std::uint8_t { md5, sha1, sha256 };

/// An incremental digest.
class Hasher {
public:
    explicit Hasher(Hash kind);
    ~Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    void update(std::string_view bytes);
    /// The raw digest; nothing may follow.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Raw digest of a whole string.
std::string digest(Hash kind, std::string_view bytes);
std::string to_hex(std::string_view bytes);
/// base64url without padding (RFC 4648 section 5).
std::string to_base64url(std::string_view bytes);
/// Standard or URL alphabet, padding optional; empty where it is neither.
std::string from_base64(std::string_view text);
/// `bytes` random bytes in base64url, for tokens.
std::string random_token(std::size_t bytes);

}  // namespace emulator
