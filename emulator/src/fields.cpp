#include "fields.h"

#include "export.h"
#include "timestamp.h"

#include <array>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

/// Collects the members of one object that a mask asks for; the value is only made if wanted.
class Members {
public:
    Members(json& out, const Mask& mask) : out_(out), mask_(mask) {}
    template <class Make>
    void add(const char* name, bool present, const Make& make) {
        if (present && mask_.has(name)) {
            out_[name] = make();
        }
    }
    void text(const char* name, const std::string& value) {
        add(name, !value.empty(), [&] { return value; });
    }
    void flag(const char* name, bool value) {
        add(name, true, [&] { return value; });
    }
    [[nodiscard]] const Mask& mask() const { return mask_; }

private:
    json& out_;
    const Mask& mask_;
};

json user_json(const Account& account, bool me) {
    if (me) {
        return {{"kind", "drive#user"},
                {"displayName", account.name},
                {"me", true},
                {"permissionId", account.permission_id},
                {"emailAddress", account.email}};
    }
    return {{"kind", "drive#user"},
            {"displayName", "Somebody Else"},
            {"me", false},
            {"permissionId", "05551212000000000002"},
            {"emailAddress", "owner@example.com"}};
}

/// A checksum as Drive tells it, which is not always the truth.
std::string checksum(const Item& item, Hash kind, const std::optional<std::string>& told,
                     const Switches& switches) {
    if (told) {
        return *told;
    }
    if (switches.on(kind == Hash::md5 ? Switch::md5_missing : Switch::sha_missing)) {
        return {};
    }
    std::string truth = item.content->checksum(kind);
    if (item.in_photos && switches.on(Switch::md5_wrong_for_photos)) {
        truth.front() = truth.front() == '0' ? '1' : '0';
    }
    return truth;
}

void add_content(Members& members, const Item& item, const Switches& switches) {
    const bool binary = item.content != nullptr && !item.is_google_type();
    const bool document = item.is_google_type() && !item.is_folder() && item.mime_type != kShortcut;
    const auto size = [&] {
        return std::to_string(binary ? item.content->size() : 1024 + item.export_padding);
    };
    members.add("size", binary || (document && switches.on(Switch::doc_has_size)), size);
    members.add("quotaBytesUsed", true, [&] { return binary ? size() : std::string("0"); });
    if (!binary) {
        return;
    }
    const auto hash = [&](const char* name, Hash kind, const std::optional<std::string>& told) {
        if (members.mask().has(name)) {
            members.text(name, checksum(item, kind, told, switches));
        }
    };
    hash("md5Checksum", Hash::md5, item.md5);
    hash("sha1Checksum", Hash::sha1, item.sha1);
    hash("sha256Checksum", Hash::sha256, item.sha256);
    members.add("headRevisionId", true, [&] {
        return "0B" + to_base64url(item.id).substr(0, 24) + std::to_string(item.revision);
    });
    members.text("originalFilename", item.name);
    const auto dot = item.name.rfind('.');
    const auto extension = [&] {
        return dot == std::string::npos ? "" : item.name.substr(dot + 1);
    };
    members.add("fileExtension", true, extension);
    members.add("fullFileExtension", true, extension);
}

json capabilities_json(const Item& item) {
    return {{"canDownload", item.can_download},
            {"canCopy", item.can_download},
            {"canListChildren", item.is_folder()},
            {"canEdit", false},
            {"canTrash", false},
            {"canDelete", false}};
}

json shortcut_json(const Item& item, const Presentation& how) {
    std::string mime = item.target_mime_type;
    if (!how.store.switches().on(Switch::shortcut_target_stale)) {
        const ItemPtr target = how.store.tree().find(item.target_id);
        mime = target ? target->mime_type : mime;
    }
    json out = {{"targetId", item.target_id}, {"targetMimeType", mime}};
    if (!item.target_resource_key.empty()) {
        out["targetResourceKey"] = item.target_resource_key;
    }
    return out;
}

json export_links_json(const Item& item, const std::string& origin) {
    json out = json::object();
    // Clients that reached us under Google's names are sent to Google's other name, as in life.
    const std::string base =
        origin == "https://www.googleapis.com" ? "https://docs.google.com" : origin;
    for (const ExportForm& form : export_forms()) {
        if (fits(form, item.mime_type)) {
            out[std::string(form.mime_type)] =
                base + "/feeds/download/" + std::string(form.document) +
                "s/export/Export?id=" + item.id + "&exportFormat=" + std::string(form.extension);
        }
    }
    return out;
}

void add_people(Members& members, const Item& item, const Store& store) {
    members.flag("ownedByMe", item.owned && item.drive_id.empty());
    members.add("shared", item.drive_id.empty(),
                [&] { return item.shared_with_me || !item.owned || store.tree().shared(item); });
    members.add("owners", item.drive_id.empty(),
                [&] { return json::array({user_json(store.account(), item.owned)}); });
    members.add("lastModifyingUser", true, [&] { return user_json(store.account(), item.owned); });
    members.add("sharedWithMeTime", item.shared_with_me,
                [&] { return format_timestamp(item.created_ms); });
    members.text("driveId", item.drive_id);
    members.text("teamDriveId", item.drive_id);
}

}  // namespace

std::string_view file_shape() {
    return "kind,id,name,mimeType,description,starred,trashed,explicitlyTrashed,trashingUser,"
           "trashedTime,"
           "parents,properties,appProperties,spaces,version,webContentLink,webViewLink,iconLink,"
           "hasThumbnail,thumbnailLink,thumbnailVersion,viewedByMe,viewedByMeTime,createdTime,"
           "modifiedTime,modifiedByMeTime,modifiedByMe,sharedWithMeTime,sharingUser,owners,"
           "teamDriveId,"
           "driveId,lastModifyingUser,shared,ownedByMe,capabilities,viewersCanCopyContent,"
           "copyRequiresWriterPermission,writersCanShare,permissions,permissionIds,"
           "hasAugmentedPermissions,folderColorRgb,originalFilename,fullFileExtension,"
           "fileExtension,"
           "md5Checksum,sha1Checksum,sha256Checksum,size,quotaBytesUsed,headRevisionId,"
           "contentHints,"
           "imageMediaMetadata,videoMediaMetadata,isAppAuthorized,exportLinks,shortcutDetails("
           "targetId,"
           "targetMimeType,targetResourceKey),contentRestrictions,labelInfo,resourceKey,"
           "linkShareMetadata,inheritedPermissionsDisabled,downloadRestrictions,"
           "clientEncryptionDetails";
}

json file_json(const Item& item, const Mask& mask, const Presentation& how) {
    json out = json::object();
    Members members(out, mask);
    members.add("kind", true, [] { return "drive#file"; });
    members.text("id", item.id);
    members.add("name", true, [&] { return item.name; });
    members.text("mimeType", item.mime_type);
    members.flag("starred", false);
    members.flag("trashed", how.trashed);
    members.flag("explicitlyTrashed", item.trashed);
    const ItemPtr parent = how.store.tree().find(item.parent);
    const bool in_sight = parent && !how.store.tree().hidden(*parent);
    members.add("parents",
                in_sight || (!item.parent.empty() &&
                             !how.store.switches().on(Switch::hidden_parent_missing)),
                [&] { return json::array({item.parent}); });
    members.add("spaces", true, [&] {
        return item.in_photos ? json::array({"drive", "photos"}) : json::array({"drive"});
    });
    members.add("version", true, [&] { return std::to_string(item.version); });
    members.add("webViewLink", true, [&] { return "https://drive.google.com/open?id=" + item.id; });
    members.add("createdTime", true, [&] { return format_timestamp(item.created_ms); });
    members.add("modifiedTime", true, [&] { return format_timestamp(item.modified_ms); });
    members.add("viewedByMe", true, [] { return false; });
    members.flag("copyRequiresWriterPermission", !item.can_download);
    members.add("capabilities", true,
                [&] { return apply_mask(capabilities_json(item), mask.within("capabilities")); });
    members.add("shortcutDetails", item.mime_type == kShortcut, [&] {
        return apply_mask(shortcut_json(item, how), mask.within("shortcutDetails"));
    });
    members.add("exportLinks", item.is_google_type() && !item.is_folder(), [&] {
        return apply_mask(export_links_json(item, how.origin), mask.within("exportLinks"));
    });
    if (out.contains("exportLinks") && out["exportLinks"].empty()) {
        out.erase("exportLinks");
    }
    members.text("resourceKey", item.resource_key);
    add_people(members, item, how.store);
    add_content(members, item, how.store.switches());
    for (const char* nested : {"owners", "lastModifyingUser"}) {
        if (out.contains(nested)) {
            out[nested] = apply_mask(out[nested], mask.within(nested));
        }
    }
    return out;
}

json apply_mask(const json& full, const Mask& mask) {
    if (mask.is_everything()) {
        return full;
    }
    if (full.is_array()) {
        json out = json::array();
        for (const json& element : full) {
            out.push_back(apply_mask(element, mask));
        }
        return out;
    }
    if (!full.is_object()) {
        return full;
    }
    json out = json::object();
    for (const auto& [name, inner] : mask.named()) {
        if (const auto found = full.find(name); found != full.end()) {
            out[name] = apply_mask(*found, inner);
        }
    }
    return out;
}

namespace {

/// The first field of `asked` that `shape` does not know; empty where all are fine.
std::string unknown_field(const Mask& asked, const Mask& shape) {
    for (const auto& [name, inner] : asked.named()) {
        const auto known = shape.named().find(name);
        if (known == shape.named().end()) {
            return name;
        }
        if (known->second.is_everything()) {
            continue;
        }
        if (std::string deeper = unknown_field(inner, known->second); !deeper.empty()) {
            return deeper;
        }
    }
    return {};
}

}  // namespace

tl::expected<Mask, Answer> request_mask(const Request& request, std::string_view standard,
                                        std::string_view shape) {
    const auto text = request.param("fields");
    if (!text || text->empty()) {
        return *Mask::parse(standard);
    }
    auto mask = Mask::parse(*text);
    const std::string wrong = mask ? unknown_field(*mask, *Mask::parse(shape)) : mask.error();
    if (!mask || !wrong.empty()) {
        return tl::unexpected(
            error_answer(400, "invalidParameter", "Invalid field selection " + wrong, "fields"));
    }
    return std::move(*mask);
}

}  // namespace emulator
