#include "gds/tree/filter.h"

#include "gds/base/fd.h"
#include "gds/base/text.h"
#include "gds/crypto/digest.h"
#include "rule_set.h"

#include <fmt/core.h>

#include <utility>

namespace gds::tree {
namespace {

Status add_option(RuleSet& rules, bool include, const std::string& glob) {
    const auto added = rules.add(include, glob);
    if (!added) {
        return added.error().context(
            fmt::format("--{} \"{}\"", include ? "include" : "exclude", printable(glob)));
    }
    return {};
}

/// One line of a file of rules.
Status add_line(RuleSet& rules, std::string_view line) {
    if (line == "!") {
        rules.clear();
        return {};
    }
    if (!line.starts_with("+ ") && !line.starts_with("- ")) {
        return error(Code::invalid_argument, "a rule is \"+ GLOB\", \"- GLOB\" or \"!\"");
    }
    return rules.add(line.front() == '+', std::string(line.substr(2)));
}

Status add_file(RuleSet& rules, const std::string& path) {
    const auto text = read_small_file(path);
    if (!text) {
        return text.error().context("--filter-from");
    }
    int number = 0;
    for (const auto& whole_line : split(*text, '\n')) {
        ++number;
        const auto line = trim(whole_line);
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (const auto added = add_line(rules, line); !added) {
            return added.error().context(
                fmt::format("{}:{}: \"{}\"", path, number, printable(line)));
        }
    }
    return {};
}

}  // namespace

Filter::Filter(std::shared_ptr<const RuleSet> rules, std::int64_t max_size)
    : rules_(std::move(rules)),
      max_size_(max_size),
      fingerprint_(to_hex(crypto::digest(crypto::Algorithm::sha256,
                                         fmt::format("{}{}", rules_->text(), max_size)))) {}

Result<Filter> Filter::make(const FilterOptions& options) {
    RuleSet rules;
    for (const auto& glob : options.include) {
        GDS_CHECK(add_option(rules, true, glob));
    }
    for (const auto& glob : options.exclude) {
        GDS_CHECK(add_option(rules, false, glob));
    }
    for (const auto& path : options.filter_from) {
        GDS_CHECK(add_file(rules, path));
    }
    if (!options.include.empty()) {
        GDS_CHECK(rules.add(false, "/**"));
    }
    return Filter(std::make_shared<const RuleSet>(std::move(rules)), options.max_size);
}

bool Filter::includes_file(std::string_view path, std::int64_t size) const {
    return (max_size_ < 0 || size <= max_size_) && rules_->includes_file(path);
}

bool Filter::includes_dir(std::string_view path) const {
    return rules_->includes_dir(path);
}

bool Filter::empty() const {
    return max_size_ < 0 && rules_->empty();
}

}  // namespace gds::tree
