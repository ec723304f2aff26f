#pragma once

#include "scan_repository.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace gds::registry {

/// What lies among the blobs and makes every garbage collection end with an error: a file called
/// "data" at a path that names no digest, or a link in a circle.
std::vector<Finding> find_stray_blobs(const Storage& storage, Workers& workers, Problems& problems);

/// A pass over the bytes of every blob, in the order of their digests.
struct DeepPass {
    std::string state_file;         ///< where the last pass ended; "" for none
    std::int64_t rate = 0;          ///< bytes a second; 0 for no limit
    std::set<Digest> damaged = {};  ///< found so: other bytes than the digest promises
    bool finished = false;

    /// Error: io where the state file cannot be read or written.
    Status run(const Storage& storage, const Cancel& cancel, Problems& problems);
};

}  // namespace gds::registry
