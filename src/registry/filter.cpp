#include "gds/registry/filter.h"

#include <fnmatch.h>

#include <algorithm>

namespace gds::registry {

namespace {

bool any_matches(const std::vector<std::string>& globs, const std::string& name) {
    return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
        return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
    });
}

}  // namespace

std::string why_empty(const RepositoryFilter& filter) {
    return filter.takes_all()
               ? "no repository is here: is the volume mounted? A registry that may be empty needs "
                 "--allow-empty"
               : "no repository is left by --include and --exclude; where that may be, say "
                 "--allow-empty";
}

bool RepositoryFilter::takes(const std::string& repository) const {
    return (include.empty() || any_matches(include, repository)) &&
           !any_matches(exclude, repository);
}

}  // namespace gds::registry
