#pragma once

#include "gds/base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gds::tree {

class RuleSet;

/// What the operator asked for; see rclone's filtering documentation for the glob language.
struct FilterOptions {
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    std::vector<std::string>
        filter_from;             ///< files of "+ glob" and "- glob" rules, '#' and ';' comments
    std::int64_t max_size = -1;  ///< -1 for no bound
};

/// Decides which paths take part, as rclone does: the first rule that matches wins, includes before
/// excludes before files of rules; with --include and no match, a path is left out. Paths are local
/// paths relative to the root. Cheap to copy; thread-safe.
class Filter {
public:
    /// Error: invalid_argument with the rule, its file and line; not_found or io for a file.
    static Result<Filter> make(const FilterOptions& options);

    /// Also asks includes_dir() of the file's directory. A size of -1 is unknown and within bounds.
    [[nodiscard]] bool includes_file(std::string_view path, std::int64_t size) const;
    /// False where no file below this directory can be included, so that it need not be listed.
    [[nodiscard]] bool includes_dir(std::string_view path) const;
    [[nodiscard]] bool empty() const;
    /// Changes when the rules change: the recorded tree was made by other rules.
    [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

private:
    Filter(std::shared_ptr<const RuleSet> rules, std::int64_t max_size);

    std::shared_ptr<const RuleSet> rules_;
    std::int64_t max_size_ = -1;
    std::string fingerprint_;
};

}  // namespace gds::tree
