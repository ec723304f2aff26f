#pragma once

#include "scan_repository.h"

#include <map>
#include <string>
#include <vector>

namespace gds::registry {

struct Repositories {
    std::vector<std::string> names;
    /// Those that the registry's own walk does not come by, with the reason.
    std::map<std::string, Unlisted> unlisted;
    /// What makes a garbage collection fail: directories that look like repositories and have names
    /// that none can have, and links in a circle.
    std::vector<Finding> blockers;
};

/// Every repository of the tree, at any depth; those of uploads alone too.
Repositories find_repositories(const Storage& storage, Workers& workers, Problems& problems);

}  // namespace gds::registry
