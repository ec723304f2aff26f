#pragma once

#include "gds/base/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace gds::tree {

/// An ordered list of globs to include and to exclude, with what they mean for directories.
class RuleSet {
public:
    RuleSet();
    ~RuleSet();
    RuleSet(RuleSet&&) noexcept;
    RuleSet& operator=(RuleSet&&) noexcept;
    RuleSet(const RuleSet&) = delete;
    RuleSet& operator=(const RuleSet&) = delete;

    /// Error: invalid_argument, saying what is wrong with the glob.
    Status add(bool include, const std::string& glob);
    void clear();

    [[nodiscard]] bool includes_file(std::string_view path) const;
    [[nodiscard]] bool includes_dir(std::string_view path) const;
    [[nodiscard]] bool empty() const { return file_rules_.empty() && dir_rules_.empty(); }
    /// The rules as text, the same for the same rules.
    [[nodiscard]] std::string text() const;

private:
    struct Rule {
        bool include = false;
        std::unique_ptr<re2::RE2> regex;
    };
    using Rules = std::vector<Rule>;

    static Status append(Rules& rules, bool include, const std::string& glob);
    static bool verdict(const Rules& rules, const std::string& path);

    Rules file_rules_;
    Rules dir_rules_;
};

}  // namespace gds::tree
