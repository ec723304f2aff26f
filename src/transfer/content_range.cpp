#include "content_range.h"

#include "gds/base/text.h"

#include <charconv>

namespace gds::transfer {

std::optional<std::int64_t> parse_length(std::string_view text) {
    std::int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (text.empty() || problem != std::errc() || stop != end || text.front() == '-') {
        return std::nullopt;
    }
    return value;
}

std::optional<ContentRange> parse_content_range(std::string_view field) {
    constexpr std::string_view kUnit = "bytes ";
    field = trim(field);
    if (field.substr(0, kUnit.size()) != kUnit) {
        return std::nullopt;
    }
    field.remove_prefix(kUnit.size());
    const auto dash = field.find('-');
    const auto slash = field.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
        return std::nullopt;
    }
    const auto first = parse_length(field.substr(0, dash));
    const auto last = parse_length(field.substr(dash + 1, slash - dash - 1));
    const auto total = parse_length(field.substr(slash + 1));
    if (!first || !last || *last < *first || (total && *last >= *total) ||
        (!total && field.substr(slash + 1) != "*")) {
        return std::nullopt;
    }
    return ContentRange{*first, *last, total};
}

}  // namespace gds::transfer
