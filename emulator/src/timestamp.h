#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace emulator {

/// Milliseconds since the epoch as Drive writes them: 2026-01-02T03:04:05.678Z.
std::string format_timestamp(std::int64_t ms);
/// RFC 3339, with or without fraction and offset; nullopt where it is none.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
/// The form of an HTTP Date header (RFC 9110 section 5.6.7).
std::string format_http_date(std::int64_t ms);
/// Now, by the wall clock.
std::int64_t wall_clock_ms();

}  // namespace emulator
