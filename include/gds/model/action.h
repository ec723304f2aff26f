#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gds::model {

/// One step of a plan. The order is the order of phases: folders, renames, downloads, deletes.
enum class ActionKind : std::uint8_t { mkdir, rename, download, update, remove, rmdir, skip };

enum class ActionOutcome : std::uint8_t { planned, done, failed, withheld, skipped };

/// What is done, or would be, to one path.
struct Action {
    ActionKind kind = ActionKind::skip;
    std::string path;       ///< relative to the destination
    std::string from;       ///< of a rename
    std::int64_t size = 0;  ///< bytes to fetch, or of the file that goes
    std::string reason;     ///< "new", "content", "mtime", "missing", "gone", "unmanaged", ...
    std::string id;         ///< Drive's; empty for unmanaged files
    ActionOutcome outcome = ActionOutcome::planned;
    std::string error;  ///< with outcome failed, withheld or skipped
};

/// "mkdir", "rename", "download", "update", "delete", "rmdir", "skip": as reports name them.
std::string_view action_label(ActionKind kind);
/// "planned", "done", "failed", "withheld", "skipped".
std::string_view outcome_label(ActionOutcome outcome);

}  // namespace gds::model
