#pragma once

#include "scan_repository.h"

#include <string>
#include <vector>

namespace gds::registry {

struct Repositories {
    std::vector<std::string> names;
    /// Directories that look like repositories, with names that make a garbage collection fail.
    std::vector<Finding> blockers;
};

/// Every repository of the tree, at any depth; those of uploads alone too.
Repositories find_repositories(const Storage& storage, Workers& workers, Problems& problems);

}  // namespace gds::registry
