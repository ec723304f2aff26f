#include "values.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gds::config {
namespace {

template <class Number, class... Format>
std::optional<Number> parse_whole(std::string_view text, Format... format) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number, format...);
    if (problem != std::errc() || stop != end) {
        return std::nullopt;
    }
    return number;
}

/// The value as a number that Option's bounds speak of; nullopt where it is not of the type.
std::optional<double> magnitude(Type type, std::string_view text) {
    const auto as_double = [](const auto& value) {
        return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
    };
    switch (type) {
        case Type::integer: return as_double(parse_integer(text));
        case Type::real: return parse_real(text);
        case Type::mode: return as_double(parse_mode(text));
        case Type::size: return as_double(parse_size(text));
        default: {
            const auto duration = parse_duration(text);
            return duration ? std::optional(static_cast<double>(duration->count())) : std::nullopt;
        }
    }
}

bool is_url(std::string_view text) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (text.starts_with(scheme)) {
            const auto rest = text.substr(scheme.size());
            return !rest.empty() && rest.front() != '/' &&
                   std::none_of(rest.begin(), rest.end(), [](char c) {
                       return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
                   });
        }
    }
    return false;
}

bool acceptable(const Option& option, std::string_view text) {
    switch (option.type) {
        case Type::text:
        case Type::list: return true;
        case Type::path:
        case Type::names: return !text.empty();
        case Type::url: return is_url(text);
        case Type::toggle: return parse_toggle(text).has_value();
        case Type::choice: {
            const auto choices = split(option.choices, '|');
            return std::find(choices.begin(), choices.end(), text) != choices.end();
        }
        default: {
            if (text == "off" && option.preset == "off") {
                return true;
            }
            const auto value = magnitude(option.type, text);
            return value && *value >= option.least && *value <= option.most;
        }
    }
}

/// ", -1 or more" or " from 0 to 100"; nothing where every number is allowed that can be written.
std::string bounds(const Option& option) {
    static constexpr double kUnbounded = Option{}.most;
    if (option.most < kUnbounded) {
        return fmt::format(" from {} to {}", option.least, option.most);
    }
    return option.least == 0 ? "" : fmt::format(", {} or more", option.least);
}

/// What may be written, for an error.
std::string allowed(const Option& option) {
    switch (option.type) {
        case Type::integer: return "a whole number" + bounds(option);
        case Type::real: return "a number" + bounds(option);
        case Type::size: return "a size such as 500, 64K, 1.5M or 10G";
        case Type::duration:
            return option.least > 0 ? "a duration such as 90s, 10m or 7d, at least 1s"
                                    : "a duration such as 90s, 10m or 7d";
        case Type::mode: return "an octal mode such as 0640, at most 0777";
        case Type::toggle: return "true, false, 1 or 0";
        case Type::choice: {
            std::string choices(option.choices);
            std::replace(choices.begin(), choices.end(), '|', ' ');
            return "one of " + choices;
        }
        case Type::url: return "an address that begins with https:// or http://";
        case Type::path: return "a path";
        default: return "a text that is not empty";
    }
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    return parse_whole<std::int64_t>(text);
}

std::optional<double> parse_real(std::string_view text) {
    const auto number = parse_whole<double>(text, std::chars_format::fixed);
    return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<unsigned> parse_mode(std::string_view text) {
    return parse_whole<unsigned>(text, 8);
}

std::optional<bool> parse_toggle(std::string_view text) {
    if (text == "true" || text == "1") {
        return true;
    }
    if (text == "false" || text == "0") {
        return false;
    }
    return std::nullopt;
}

bool holds_several(Type type) {
    return type == Type::list || type == Type::names;
}

std::vector<std::string> elements(const Option& option, const std::string& text) {
    if (option.type == Type::list) {
        return {text};
    }
    auto names = split(text, ',');
    for (auto& name : names) {
        name = trim(name);
    }
    return names;
}

Status check(const Option& option, std::string_view text) {
    if (acceptable(option, text)) {
        return {};
    }
    const auto or_off = option.preset == "off" ? " or off" : "";
    // An address can hold a password.
    const auto shown =
        option.type == Type::url ? std::string("this") : fmt::format("\"{}\"", printable(text));
    return error(Code::invalid_argument,
                 fmt::format("{} cannot be used; give {}{}", shown, allowed(option), or_off));
}

}  // namespace gds::config
