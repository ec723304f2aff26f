#pragma once

#include "gds/base/result.h"
#include "gds/model/item.h"
#include "json_reader.h"

#include <string_view>

namespace gds::drive {

/// What of a File resource is asked for; the value of `fields` for one item.
inline constexpr std::string_view kItemFields =
    "id,name,mimeType,parents,size,md5Checksum,sha1Checksum,sha256Checksum,modifiedTime,"
    "headRevisionId,resourceKey,driveId,trashed,ownedByMe,shared,spaces,capabilities/canDownload,"
    "shortcutDetails(targetId,targetMimeType,targetResourceKey)";

/// Builds one item from its fields.
class ItemReader {
public:
    /// A value inside the File resource; `path` is relative to it, "" for the resource itself.
    Status value(std::string_view path, const JsonValue& value);
    /// The item, once all of it was read; ready for the next. Error: bad_response where a required
    /// field is missing.
    Result<model::Item> finish();

    struct Draft {
        model::Item item;
        bool has_name = false;
        bool has_time = false;
    };

private:
    Draft draft_;
};

}  // namespace gds::drive
