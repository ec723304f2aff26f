#pragma once

#include "gds/base/result.h"
#include "gds/crypto/digest.h"

#include <optional>
#include <string>
#include <string_view>

namespace gds::registry {

/// The content address of a manifest or blob, such as "sha256:" and 64 hex digits. Empty where
/// default-made: that is the digest of what is not known.
class Digest {
public:
    Digest() = default;

    /// By the grammar of the OCI image spec; what can be computed must have its length. Error:
    /// bad_response.
    static Result<Digest> parse(std::string_view text);
    /// SHA-256 of the bytes.
    static Digest of(std::string_view bytes);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string_view algorithm() const;
    [[nodiscard]] std::string_view hex() const;
    [[nodiscard]] bool empty() const { return text_.empty(); }
    /// "sha256:0123456789ab", for lines that people read.
    [[nodiscard]] std::string shortened() const;
    /// Whether the bytes have this digest. False for an algorithm that cannot be computed here.
    [[nodiscard]] bool matches(std::string_view bytes) const;

    friend bool operator==(const Digest&, const Digest&) = default;
    friend bool operator<(const Digest& a, const Digest& b) { return a.text_ < b.text_; }

private:
    explicit Digest(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

/// How to compute digests of its kind, which is what registries are built with: SHA-256, SHA-384
/// and SHA-512; nullopt for any other.
std::optional<crypto::Algorithm> algorithm_of(const Digest& digest);

}  // namespace gds::registry
