#pragma once

#include "gds/model/action.h"

#include <optional>
#include <string_view>

namespace gds::plan {

/// What the disk holds for a wanted file, as record and scan have it.
enum class Held {
    nothing,  ///< no record, or the file is gone
    as_recorded,
    edited,   ///< other bytes than recorded
    touched,  ///< the same bytes with another mtime
};

/// One wanted file beside what is held for it.
struct FileCase {
    Held held = Held::nothing;
    bool was_recorded = false;  ///< a record exists, whatever the disk says
    bool same_content = false;  ///< the recorded bytes are the item's present content
    bool same_time = false;     ///< the recorded mtime was set from the item's modifiedTime
};

/// The transfer a file needs and why; nullopt for none. The reason is "new", "missing", "content",
/// "local" (edited on the volume) or "mtime" (nothing to fetch).
struct Transfer {
    model::ActionKind kind = model::ActionKind::download;
    std::string_view reason;
};
std::optional<Transfer> decide(const FileCase& file);

}  // namespace gds::plan
