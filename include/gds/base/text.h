#pragma once

#include "gds/base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gds {

using Millis = std::chrono::milliseconds;

/// "1.5M", "512", "10GiB": a size in bytes with rclone's and Go's binary suffixes (K, M, G, T, with
/// optional iB or B). Error: invalid_argument.
Result<std::int64_t> parse_size(std::string_view text);
/// "90s", "10m", "24h", "7d", "1h30m", "500ms", "0"; a bare number is seconds. Error:
/// invalid_argument.
Result<Millis> parse_duration(std::string_view text);
/// "1.4 MiB", "812 B".
std::string format_size(std::int64_t bytes);
/// "1h04m", "3m12s", "0.4s".
std::string format_duration(Millis duration);

/// RFC 3339 with any offset and any number of fraction digits, as milliseconds since the epoch.
/// Error: bad_response.
Result<std::int64_t> parse_rfc3339(std::string_view text);
/// "2026-04-19T02:00:00.000Z"; without milliseconds where they are zero if `short_form`.
std::string format_rfc3339(std::int64_t epoch_ms, bool short_form = false);
/// An IMF-fixdate or other date of RFC 9110 section 5.6.7, as seconds since the epoch.
std::optional<std::int64_t> parse_http_date(std::string_view text);

/// The text with control characters and invalid UTF-8 made visible, for a terminal or a log line.
std::string printable(std::string_view text);
/// Length in bytes of the well-formed UTF-8 character at the front of a non-empty text; 0 where
/// there is none.
std::size_t utf8_length(std::string_view text);
/// True where the text is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

std::string to_hex(std::string_view bytes);
/// False where `hex` is not exactly that many bytes, whose values are undefined then.
bool decode_hex(std::string_view hex, std::span<char> bytes);
/// Error: invalid_argument for an odd length or a character that is no hex digit.
Result<std::string> from_hex(std::string_view hex);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

/// "folder/path", or the one where the other is empty.
std::string join_path(std::string_view folder, std::string_view path);

/// "1 file", "2 files": English plural of a regular noun.
std::string plural(std::int64_t count, std::string_view noun);

/// Milliseconds since the epoch by the local clock; for logs, retention and due times only.
std::int64_t wall_clock_ms();

/// A random lower-case hex string of `bytes` bytes, from the system's random source.
std::string random_hex(std::size_t bytes);

}  // namespace gds
