#include "gds/base/text.h"

#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>

namespace gds {

namespace {

/// The length of the ASCII text at the front, or somewhat less.
std::size_t ascii_length(std::string_view text) {
    static constexpr std::uint64_t kHighBits = 0x8080808080808080U;
    std::size_t length = 0;
    for (std::uint64_t block = 0; length + sizeof(block) <= text.size(); length += sizeof(block)) {
        std::memcpy(&block, text.data() + length, sizeof(block));
        if ((block & kHighBits) != 0) {
            break;
        }
    }
    return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t i = ascii_length(text); i < text.size(); i += ascii_length(text.substr(i))) {
        const std::size_t length = utf8_length(text.substr(i));
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    // RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
    const unsigned char second = byte(1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
        return 0;
    }
    return length;
}

namespace {

/// True for a character that can steer a terminal or reorder the line it stands in.
bool steers(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    switch (character.size()) {
        case 1: return byte(0) < 0x20 || byte(0) == 0x7F;  // C0, DEL
        case 2: return byte(0) == 0xC2 && byte(1) < 0xA0;  // C1: U+0080 to U+009F
        case 3: break;
        default: return false;
    }
    // Marks of direction and line: U+200E, 200F, 2028 to 202E, 2066 to 2069.
    const bool general = byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F ||
                                             (byte(2) >= 0xA8 && byte(2) <= 0xAE));
    const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
    return byte(0) == 0xE2 && (general || isolates);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0 || steers(text.substr(0, length))) {
            const std::size_t take = std::max<std::size_t>(length, 1);
            for (const char c : text.substr(0, take)) {
                result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
            }
            text.remove_prefix(take);
        } else {
            result.append(text.substr(0, length));
            text.remove_prefix(length);
        }
    }
    return result;
}

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string result;
    result.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        result += kDigits[byte >> 4U];
        result += kDigits[byte & 0xFU];
    }
    return result;
}

namespace {

/// The value of each character that is a hexadecimal digit, -1 of every other. A table: which of
/// the sixteen comes next, no processor can guess.
constexpr auto kHexValues = [] {
    std::array<signed char, 256> values{};
    values.fill(-1);
    for (signed char value = 0; value < 16; ++value) {
        values.at(static_cast<unsigned char>("0123456789abcdef"[value])) = value;
        values.at(static_cast<unsigned char>("0123456789ABCDEF"[value])) = value;
    }
    return values;
}();

int hex_digit(char c) {
    return kHexValues[static_cast<unsigned char>(c)];
}

}  // namespace

bool decode_hex(std::string_view hex, std::span<char> bytes) {
    if (hex.size() != 2 * bytes.size()) {
        return false;
    }
    int seen = 0;  // negative once one was no digit
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const int byte = hex_digit(hex[2 * i]) * 16 | hex_digit(hex[2 * i + 1]);
        seen |= byte;
        bytes[i] = static_cast<char>(byte);
    }
    return seen >= 0;
}

Result<std::string> from_hex(std::string_view hex) {
    std::string bytes(hex.size() / 2, '\0');
    if (!decode_hex(hex, bytes)) {
        return error(Code::invalid_argument, fmt::format("\"{}\" is not hex", printable(hex)));
    }
    return bytes;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text) {
    const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string join_path(std::string_view folder, std::string_view path) {
    std::string joined(folder);
    if (!folder.empty() && !path.empty()) {
        joined += '/';
    }
    joined += path;
    return joined;
}

std::string plural(std::int64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string random_hex(std::size_t bytes) {
    std::string raw(bytes, '\0');
    std::size_t filled = 0;
    while (filled < bytes) {
        const ssize_t count = ::getrandom(raw.data() + filled, bytes - filled, 0);
        if (count > 0) {
            filled += static_cast<std::size_t>(count);
        }
    }
    return to_hex(raw);
}

// Sizes and durations.

namespace {

/// Reads a non-negative decimal number off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
    double value = 0;
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (problem != std::errc() || !std::isfinite(value) || value < 0) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::optional<double> unit_factor(std::string_view unit) {
    static constexpr std::string_view kUnits = "BKMGTP";
    std::string upper;
    for (const char c : unit) {
        upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (upper.empty()) {
        return 1;
    }
    const auto power = kUnits.find(upper.front());
    const std::string rest = upper.substr(1);
    const bool known =
        power != std::string_view::npos &&
        (rest.empty() || (power > 0 && (rest == "B" || rest == "I" || rest == "IB")));
    if (!known) {
        return std::nullopt;
    }
    return std::pow(1024.0, static_cast<double>(power));
}

std::optional<double> take_duration_unit_ms(std::string_view& text) {
    struct Unit {
        std::string_view name;
        double ms;
    };
    static constexpr std::array kUnits = {Unit{"ms", 1.0},        Unit{"s", 1e3},
                                          Unit{"m", 60e3},        Unit{"h", 3600e3},
                                          Unit{"d", 24 * 3600e3}, Unit{"w", 7 * 24 * 3600e3}};
    for (const Unit& unit : kUnits) {
        if (text.substr(0, unit.name.size()) == unit.name) {
            text.remove_prefix(unit.name.size());
            return unit.ms;
        }
    }
    return std::nullopt;
}

constexpr double kTooLarge = 9.0e18;

}  // namespace

Result<std::int64_t> parse_size(std::string_view text) {
    std::string_view rest = trim(text);
    const auto number = take_number(rest);
    const auto factor = unit_factor(rest);
    if (!number || !factor || *number * *factor >= kTooLarge) {
        return error(Code::invalid_argument,
                     fmt::format("\"{}\" is not a size; write it like 500, 64K, 1.5M or 10G",
                                 printable(text)));
    }
    return static_cast<std::int64_t>(*number * *factor);
}

Result<Millis> parse_duration(std::string_view text) {
    const auto bad = [&] {
        return error(Code::invalid_argument,
                     fmt::format("\"{}\" is not a duration; write it like 90s, 10m, 1h30m or 7d",
                                 printable(text)));
    };
    std::string_view rest = trim(text);
    if (rest.empty()) {
        return bad();
    }
    double total = 0;
    bool bare = true;
    while (!rest.empty()) {
        const auto number = take_number(rest);
        if (!number) {
            return bad();
        }
        if (rest.empty() && bare) {
            total = *number * 1e3;
            break;
        }
        const auto unit = take_duration_unit_ms(rest);
        if (!unit) {
            return bad();
        }
        bare = false;
        total += *number * *unit;
    }
    // Ten thousand years: more than any timer here can hold is surely a slip of the keyboard.
    if (total > 3.2e14) {
        return bad();
    }
    return Millis(static_cast<std::int64_t>(std::llround(total)));
}

std::string format_size(std::int64_t bytes) {
    static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{} B", bytes)
                     : fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string format_duration(Millis duration) {
    const auto ms = duration.count();
    if (ms < 60'000) {
        return fmt::format("{:.1f}s", static_cast<double>(ms) / 1e3);
    }
    const auto seconds = ms / 1000;
    if (seconds < 3600) {
        return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    }
    if (seconds < 48 * 3600) {
        return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
    }
    return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace gds
