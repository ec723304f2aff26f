#pragma once

#include <string>
#include <vector>

namespace gds::registry {

/// Which repositories are looked at. Globs by fnmatch(3), in which "*" matches slashes too.
struct RepositoryFilter {
    std::vector<std::string> include;  ///< empty: all
    std::vector<std::string> exclude;  ///< wins

    [[nodiscard]] bool takes(const std::string& repository) const;
    [[nodiscard]] bool takes_all() const { return include.empty() && exclude.empty(); }
};

/// Why there is nothing to look at, for a person: a volume that is not mounted, or a filter that
/// leaves nothing, must not pass as health.
std::string why_empty(const RepositoryFilter& filter);

}  // namespace gds::registry
