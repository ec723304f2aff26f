#pragma once

#include "gds/auth/token_source.h"
#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/run/settings.h"
#include "gds/volume/volume.h"

#include <optional>
#include <string>
#include <vector>

namespace gds::run {

/// The mirrored folder as this run found it.
struct Source {
    model::Item folder;
    bool whole_drive = false;  ///< the root of a shared drive
    /// Every id that the path leads through; empty where the folder was asked for by its id.
    std::vector<std::string> path_ids = {};
};

/// What was asked for, with what the rclone section adds: its root folder, shared drive, shared
/// items.
SourceSettings effective_source(const SourceSettings& asked, const auth::Credentials& credentials);

/// Find the folder and hold it against the one that was pinned: the same text has to lead to the
/// same id, which has to be a folder outside the trash (law 3).
Result<Source> find_source(drive::Api& api, const SourceSettings& source,
                           const auth::Credentials& credentials,
                           const std::optional<volume::Marker>& marker);

/// The same by the pinned id alone, which says nothing of what the path means by now.
Result<Source> check_pinned_source(drive::Api& api, const SourceSettings& source,
                                   const auth::Credentials& credentials,
                                   const volume::Marker& marker);

}  // namespace gds::run
