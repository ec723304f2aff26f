#pragma once

#include "gds/model/checksum.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::model {

/// What a Drive item is to a mirror. By mimeType alone: a prefix of
/// application/vnd.google-apps. is never a file with bytes, whatever its size says.
enum class ItemKind : std::uint8_t {
    unknown = 0,   ///< an id that is only referred to
    folder = 1,    ///< application/vnd.google-apps.folder
    file = 2,      ///< has bytes of its own
    document = 3,  ///< a Google editors document: has to be exported
    shortcut = 4,  ///< application/vnd.google-apps.shortcut
    other = 5,     ///< a Google type without export (form, site, map)
};

/// The present state of one Drive item (Drive API v3, resource File).
struct Item {
    std::string id;
    std::string parent;         ///< first parent's id; empty where this account sees none
    bool more_parents = false;  ///< Drive told of others besides, as it did before 2020
    std::string name;
    std::string mime_type;
    ItemKind kind = ItemKind::unknown;
    std::optional<std::int64_t> size;  ///< of files only
    Checksum md5, sha1, sha256;        ///< empty where Drive gives none
    std::int64_t modified_ms = 0;
    std::string head_revision;
    std::string resource_key;
    std::string drive_id;  ///< of a shared drive's item
    bool trashed = false;
    bool can_download = true;
    bool owned_by_me = false;
    bool shared = true;      ///< false only where Drive says that nobody else has access
    bool in_photos = false;  ///< `spaces` holds "photos": the checksum may never match
    std::string target_id, target_mime_type, target_resource_key;  ///< of shortcuts

    friend bool operator==(const Item&, const Item&) = default;
};

/// The kind a mimeType means.
ItemKind kind_of(std::string_view mime_type);

}  // namespace gds::model
