#include "rule_set.h"

#include "gds/base/text.h"
#include "glob.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>

namespace gds::tree {
namespace {

/// RE2 matches characters, not bytes: what is no character takes part as U+FFFD.
std::string as_utf8(std::string_view path) {
    std::string text;
    text.reserve(path.size() + 1);
    while (!path.empty()) {
        const auto length = utf8_length(path);
        text += length == 0 ? "\uFFFD" : path.substr(0, length);
        path.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return text;
}

}  // namespace

RuleSet::RuleSet() = default;
RuleSet::~RuleSet() = default;
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;

Status RuleSet::append(Rules& rules, bool include, const std::string& glob) {
    const auto expression = GDS_TRY(glob_to_regex(glob));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);  // a newline in a name is a character like any other
    Rule rule;
    rule.include = include;
    rule.regex = std::make_unique<re2::RE2>(expression, options);
    if (!rule.regex->ok()) {
        return error(Code::invalid_argument, rule.regex->error());
    }
    rules.push_back(std::move(rule));
    return {};
}

Status RuleSet::add(bool include, const std::string& glob) {
    if (glob.empty()) {
        return error(Code::invalid_argument, "the glob is empty");
    }
    const bool names_directory = glob.ends_with('/');
    // To leave out a directory is to leave out all below it; to let it in says nothing of its
    // files.
    const auto whole = names_directory && !include ? glob + "**" : glob;
    const bool spans_directories = whole.find("**") != std::string::npos;
    if (!names_directory || spans_directories) {
        GDS_CHECK(append(file_rules_, include, whole));
        // Files left out say nothing of the directory, unless all of them are.
        if (include || whole == "*") {
            for (const auto& directory : directory_globs(whole)) {
                if (directory != "/") {  // the root always takes part
                    GDS_CHECK(append(dir_rules_, include, directory));
                }
            }
        }
    }
    if (names_directory || spans_directories) {
        GDS_CHECK(append(dir_rules_, include, whole));
    }
    return {};
}

void RuleSet::clear() {
    file_rules_.clear();
    dir_rules_.clear();
}

bool RuleSet::verdict(const Rules& rules, const std::string& path) {
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& candidate) {
        return re2::RE2::PartialMatch(path, *candidate.regex);
    });
    return rule == rules.end() || rule->include;
}

bool RuleSet::includes_file(std::string_view path) const {
    const auto slash = path.rfind('/');
    const auto directory = slash == std::string_view::npos ? "" : path.substr(0, slash);
    return includes_dir(directory) && verdict(file_rules_, as_utf8(path));
}

bool RuleSet::includes_dir(std::string_view path) const {
    if (path.empty() || dir_rules_.empty()) {
        return true;
    }
    const auto text = as_utf8(path) + '/';
    // A directory below one that is left out is never looked at, whatever the rules say of it.
    for (auto end = text.find('/'); end != std::string::npos; end = text.find('/', end + 1)) {
        if (!verdict(dir_rules_, text.substr(0, end + 1))) {
            return false;
        }
    }
    return true;
}

std::string RuleSet::text() const {
    std::string text;
    for (const auto* rules : {&file_rules_, &dir_rules_}) {
        for (const auto& rule : *rules) {
            text += fmt::format("{}{}{}", rule.include ? '+' : '-', rule.regex->pattern(), '\0');
        }
        text += '\0';
    }
    return text;
}

}  // namespace gds::tree
