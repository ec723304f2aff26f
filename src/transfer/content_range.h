#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gds::transfer {

/// A Content-Range field of a 206 (RFC 9110 section 14.4): "bytes FIRST-LAST/TOTAL".
struct ContentRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::optional<std::int64_t> total;  ///< absent for "*"
};

/// nullopt where it is anything else, or contradicts itself.
std::optional<ContentRange> parse_content_range(std::string_view field);

/// A whole number without sign; nullopt for anything else.
std::optional<std::int64_t> parse_length(std::string_view text);

}  // namespace gds::transfer
