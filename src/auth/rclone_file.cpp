#include "rclone_file.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::auth {

namespace {

bool says_encrypted(std::string_view line) {
    return line.starts_with("RCLONE_ENCRYPT_V") ||
           line.starts_with("# Encrypted rclone configuration File");
}

Error encrypted(const std::string& path) {
    return error(Code::invalid_argument,
                 fmt::format("{} is encrypted with a configuration password, which is not read. "
                             "Remove the password (`rclone config`, \"Set configuration "
                             "password\", \"Unencrypt configuration\") and protect the file as a "
                             "secret, or give GDRIVE_SYNC_CLIENT_ID, GDRIVE_SYNC_CLIENT_SECRET "
                             "and GDRIVE_SYNC_REFRESH_TOKEN instead",
                             path));
}

Error unreadable(const std::string& path, std::size_t number, std::string_view why) {
    return error(Code::invalid_argument,
                 fmt::format("{}, line {}: {}; expected `[section]`, `key = value` or a comment",
                             path, number, why));
}

/// A value without the quotes that rclone puts around one with a backtick or a quote in it.
std::string_view unquote(std::string_view value) {
    for (const std::string_view quote : {std::string_view("\"\"\""), std::string_view("`")}) {
        if (value.size() >= 2 * quote.size() && value.starts_with(quote) &&
            value.ends_with(quote)) {
            return value.substr(quote.size(), value.size() - 2 * quote.size());
        }
    }
    return value;
}

RcloneSection& section_named(std::vector<RcloneSection>& sections, std::string_view name) {
    const auto found = std::ranges::find(sections, name, &RcloneSection::name);
    if (found != sections.end()) {
        return *found;
    }
    sections.push_back(RcloneSection{std::string(name), {}});
    return sections.back();
}

}  // namespace

Result<std::vector<RcloneSection>> parse_rclone_file(std::string_view text,
                                                     const std::string& path) {
    static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    std::vector<RcloneSection> sections;
    RcloneSection* current = nullptr;
    std::size_t number = 0;
    for (const std::string& raw : split(text, '\n')) {
        ++number;
        const std::string_view line = trim(raw);
        if (says_encrypted(line)) {
            return encrypted(path);
        }
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (line.front() == '[') {
            if (line.back() != ']') {
                return unreadable(path, number, "a section name without its closing bracket");
            }
            current = &section_named(sections, trim(line.substr(1, line.size() - 2)));
            continue;
        }
        // The first of either ends the key: a token's JSON has both in its value.
        const auto separator = line.find_first_of("=:");
        if (separator == std::string_view::npos || separator == 0) {
            return unreadable(path, number, "no key and value");
        }
        if (current == nullptr) {
            return unreadable(path, number, "a value before the first section");
        }
        current->values[std::string(trim(line.substr(0, separator)))] =
            unquote(trim(line.substr(separator + 1)));
    }
    return sections;
}

}  // namespace gds::auth
