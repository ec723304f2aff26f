#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gds/base/result.h"

namespace gds::tree {

/// What the operator asked for; see rclone's filtering documentation for the glob language.
struct FilterOptions {
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    std::vector<std::string> filter_from;  ///< files of "+ glob" and "- glob" rules, '#' and ';' comments
    std::int64_t max_size = -1;            ///< -1 for no bound
};

/// Decides which paths take part. First match wins; with --include and no other match, a file is
/// left out, as rclone does. Paths are local paths relative to the root.
class Filter {
public:
    /// Error: invalid_argument with the rule, its file and line.
    static Result<Filter> make(const FilterOptions& options);

    [[nodiscard]] bool includes_file(std::string_view path, std::int64_t size) const;
    /// False where no file below this directory can be included, so that it need not be listed.
    [[nodiscard]] bool includes_dir(std::string_view path) const;
    [[nodiscard]] bool empty() const;
    /// Changes when the rules change: the recorded tree was made by other rules.
    [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

private:
    struct Rule {
        bool include = false;
        std::string pattern;  ///< a regular expression
        std::string glob;
    };
    std::vector<Rule> file_rules_;
    std::vector<Rule> dir_rules_;
    std::int64_t max_size_ = -1;
    std::string fingerprint_;
};

}  // namespace gds::tree
