#include "gds/registry/digest.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::registry {

namespace {

constexpr std::size_t kLongest = 255;

bool is_small_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// algorithm-component [separator algorithm-component]...
bool is_algorithm(std::string_view text) {
    bool after_component = false;
    for (const char c : text) {
        const bool separator = c == '+' || c == '.' || c == '_' || c == '-';
        if (separator ? !after_component : !is_small_alphanumeric(c)) {
            return false;
        }
        after_component = !separator;
    }
    return after_component;
}

std::optional<crypto::Algorithm> algorithm_named(std::string_view name) {
    if (name == "sha256") {
        return crypto::Algorithm::sha256;
    }
    if (name == "sha384") {
        return crypto::Algorithm::sha384;
    }
    return name == "sha512" ? std::optional(crypto::Algorithm::sha512) : std::nullopt;
}

bool is_encoded(std::string_view algorithm, std::string_view encoded) {
    if (const auto known = algorithm_named(algorithm)) {
        return encoded.size() == 2 * crypto::digest_size(*known) && is_hex(encoded);
    }
    return !encoded.empty() && std::all_of(encoded.begin(), encoded.end(), [](char c) {
        return is_small_alphanumeric(c) || (c >= 'A' && c <= 'Z') || c == '=' || c == '_' ||
               c == '-';
    });
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.size() > kLongest ||
        !is_algorithm(text.substr(0, colon)) ||
        !is_encoded(text.substr(0, colon), text.substr(colon + 1))) {
        return error(Code::bad_response,
                     fmt::format("\"{}\" is not a digest", printable(text.substr(0, 100))));
    }
    return Digest(std::string(text));
}

Digest Digest::of(std::string_view bytes) {
    return Digest("sha256:" + to_hex(crypto::digest(crypto::Algorithm::sha256, bytes)));
}

std::string_view Digest::algorithm() const {
    return std::string_view(text_).substr(0, text_.find(':'));
}

std::string_view Digest::hex() const {
    return std::string_view(text_).substr(text_.find(':') + 1);
}

std::string Digest::shortened() const {
    return text_.substr(0, text_.find(':') + 1 + 12);
}

bool Digest::matches(std::string_view bytes) const {
    const auto known = algorithm_of(*this);
    return known && hex() == to_hex(crypto::digest(*known, bytes));
}

std::optional<crypto::Algorithm> algorithm_of(const Digest& digest) {
    return algorithm_named(digest.algorithm());
}

}  // namespace gds::registry
