#pragma once

#include "gds/transfer/downloads.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gds::transfer {

/// A complete, verified file in staging, waiting for its place.
struct Staged {
    std::int64_t token = 0;
    std::string path;        ///< where it goes
    std::string staging;     ///< where it lies
    bool resumable = false;  ///< left in staging where it cannot be published
    Published content;       ///< mtime_ns not yet known
    std::optional<volume::TrashEntry> replaces;
};

/// What became of a group of staged files, in their order.
struct GroupResult {
    std::vector<Outcome> outcomes;
    std::optional<Error> fatal;  ///< the destination takes no more: disk_full or read_only
};

/// True for what makes every further write to the destination pointless.
bool is_fatal(Code code);

/// Publish verified files together: staged bytes durable, old copies announced and linked into the
/// trash, renames, directories durable. A file's failure is its own.
GroupResult publish_group(const volume::Volume& volume, volume::Trash& trash,
                          std::vector<Staged> files);

}  // namespace gds::transfer
