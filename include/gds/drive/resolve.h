#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/model/item.h"

#include <string>
#include <vector>

namespace gds::drive {

/// Where the mirrored folder is looked for.
struct SourcePath {
    Ref root{"root"};             ///< "root" is My Drive; else a folder's or a shared drive's id
    bool shared_with_me = false;  ///< the first component is sought among items shared with us
    std::string path = {};        ///< "claude/files"; empty components are ignored
};

/// The folder that a path leads to.
struct ResolvedSource {
    model::Item folder;  ///< as files.get gave it: a folder, not trashed
    /// Every id the path depends on, from the root's to the folder's, shortcuts included. A change
    /// of one of them may change what the path means.
    std::vector<std::string> path_ids;
};

/// Follow a path to the one folder it means; shortcuts to folders are followed. Error: not_found
/// with reason "missing" or "trashed", conflict with reason "ambiguous" (the message lists every
/// candidate) or "not_a_folder", or what Drive answered. Pumps the engine.
Result<ResolvedSource> resolve(Api& api, const SourcePath& source);

}  // namespace gds::drive
