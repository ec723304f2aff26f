#pragma once

#include "content.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace emulator {

inline constexpr std::string_view kFolder = "application/vnd.google-apps.folder";
inline constexpr std::string_view kShortcut = "application/vnd.google-apps.shortcut";
inline constexpr std::string_view kGooglePrefix = "application/vnd.google-apps.";

/// One file, folder, document or shortcut, as Drive knows it.
struct Item {
    std::string id;
    std::string name;
    std::string mime_type;
    std::string parent;    ///< empty for roots and orphans
    std::string drive_id;  ///< of a shared drive's item
    std::string resource_key;
    ContentPtr content;                            ///< of binary files; the text of a document
    std::optional<std::string> md5, sha1, sha256;  ///< told instead of the truth; "" for none
    std::int64_t created_ms = 0;
    std::int64_t modified_ms = 0;
    std::int64_t appeared_ms = 0;  ///< when it entered the tree, for list-lag
    std::int64_t version = 1;
    std::int64_t revision = 1;        ///< of the content
    std::int64_t export_padding = 0;  ///< bytes an export is blown up by
    std::uint64_t sequence = 0;       ///< place in lists; the tree's own
    bool trashed = false;             ///< explicitly; the tree knows about parents
    bool can_download = true;
    bool owned = true;            ///< by the account that asks
    bool shared_with_me = false;  ///< itself, not by a folder above
    bool shared = false;          ///< with others; so is all below it
    bool abusive = false;
    bool revoked = false;  ///< the account lost sight of it
    bool in_photos = false;
    std::string target_id, target_mime_type, target_resource_key;  ///< of shortcuts

    [[nodiscard]] bool is_folder() const { return mime_type == kFolder; }
    [[nodiscard]] bool is_google_type() const { return mime_type.starts_with(kGooglePrefix); }
};

/// Items never change once they are in the tree; a change replaces the whole.
using ItemPtr = std::shared_ptr<const Item>;

}  // namespace emulator
