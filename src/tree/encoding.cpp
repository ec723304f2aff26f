#include "gds/base/text.h"
#include "gds/tree/names.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace gds::tree {
namespace {

constexpr std::string_view kQuote = "\u201B";
constexpr std::string_view kSymbolForNull = "\u2400";
constexpr std::string_view kWideSlash = "\uFF0F";
constexpr std::string_view kWideDot = "\uFF0E";
constexpr std::string_view kTwoWideDots = "\uFF0E\uFF0E";
constexpr std::string_view kQuotedDot = "\u201B\uFF0E";
constexpr std::string_view kTwoQuotedDots = "\u201B\uFF0E\u201B\uFF0E";

/// Names that only count as a whole, both ways.
struct WholeName {
    std::string_view drive, local;
};
constexpr WholeName kWholeNames[] = {
    {"", kQuote},
    {".", kWideDot},
    {"..", kTwoWideDots},
    {kWideDot, kQuotedDot},
    {kTwoWideDots, kTwoQuotedDots},
};

/// Takes `token` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view token) {
    if (text.substr(0, token.size()) != token) {
        return false;
    }
    text.remove_prefix(token.size());
    return true;
}

/// The first character of `text`, or its first byte where that is not UTF-8.
std::string_view take_character(std::string_view& text) {
    const auto character = text.substr(0, std::max<std::size_t>(utf8_length(text), 1));
    text.remove_prefix(character.size());
    return character;
}

/// Takes two upper-case hex digits that stand for a byte no UTF-8 text holds on its own.
std::optional<char> take_quoted_byte(std::string_view& text) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (text.size() < 2) {
        return std::nullopt;
    }
    const auto high = kDigits.find(text[0]);
    const auto low = kDigits.find(text[1]);
    if (high == std::string_view::npos || low == std::string_view::npos || high < 8) {
        return std::nullopt;
    }
    text.remove_prefix(2);
    return static_cast<char>(high * 16 + low);
}

void encode_character(std::string_view& rest, std::string& local) {
    if (take(rest, "/")) {
        local += kWideSlash;
    } else if (take(rest, std::string_view("\0", 1))) {
        local += kSymbolForNull;
    } else if (take(rest, kWideSlash)) {
        local.append(kQuote).append(kWideSlash);
    } else if (take(rest, kQuote)) {
        // rclone takes a pair in a Drive name for quoting of its own and keeps it.
        local += kQuote;
        if (take(rest, kSymbolForNull)) {
            local += kSymbolForNull;
        } else {
            take(rest, kQuote);
            local += kQuote;
        }
    } else if (utf8_length(rest) == 0) {
        local += fmt::format("{}{:02X}", kQuote, static_cast<unsigned char>(rest.front()));
        rest.remove_prefix(1);
    } else {
        local += take_character(rest);
    }
}

/// ASCII that stays as it is, which most names are from end to end.
bool is_plain(char c) {
    return c != '\0' && c != '/' && static_cast<unsigned char>(c) < 0x80;
}

std::string encode_characters(std::string_view text) {
    const auto special = std::find_if_not(text.begin(), text.end(), is_plain);
    std::string local(text.begin(), special);
    text.remove_prefix(local.size());
    while (!text.empty()) {
        encode_character(text, local);
    }
    return local;
}

}  // namespace

std::string encode_name(std::string_view drive_name) {
    for (const auto& whole : kWholeNames) {
        if (drive_name == whole.drive) {
            return std::string(whole.local);
        }
    }
    return encode_characters(drive_name);
}

std::string encode_document_name(std::string_view drive_name, std::string_view extension) {
    std::string local = encode_name(drive_name);
    if (local == kQuotedDot || local == kTwoQuotedDots) {
        // Quoted as a whole name, which it no longer is: rclone quotes the quotes.
        local = encode_characters(local);
    }
    return local.append(".").append(extension);
}

std::string decode_name(std::string_view local_name) {
    for (const auto& whole : kWholeNames) {
        if (local_name == whole.local) {
            return std::string(whole.drive);
        }
    }
    std::string drive;
    while (!local_name.empty()) {
        if (take(local_name, kWideSlash)) {
            drive += '/';
        } else if (!take(local_name, kQuote)) {
            drive += take_character(local_name);
        } else if (take(local_name, kWideSlash)) {
            drive += kWideSlash;
        } else if (const auto byte = take_quoted_byte(local_name)) {
            drive += *byte;
        } else {
            // A quoted quote or U+2400 stays quoted: that is a Drive name which becomes this one.
            drive += kQuote;
            if (!local_name.empty()) {
                drive += take_character(local_name);
            }
        }
    }
    return drive;
}

}  // namespace gds::tree
