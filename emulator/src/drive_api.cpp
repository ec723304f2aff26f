#include "drive_api.h"

#include "export.h"
#include "fields.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

struct Range {
    std::int64_t offset = 0;
    std::int64_t length = 0;
};

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    return end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty()
               ? std::optional(value)
               : std::nullopt;
}

/// One range of RFC 9110 section 14.1.2. nullopt: not one that is understood, so it is ignored; an
/// offset past the end: not satisfiable.
std::optional<Range> parse_range(std::string_view header, std::int64_t size) {
    if (!header.starts_with("bytes=") || header.find(',') != std::string_view::npos) {
        return std::nullopt;
    }
    header.remove_prefix(6);
    const auto dash = header.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = number(header.substr(0, dash));
    const auto last = number(header.substr(dash + 1));
    if (first) {
        const std::int64_t end = last ? std::min(*last + 1, size) : size;
        return Range{*first, end - *first};
    }
    if (!last) {
        return std::nullopt;
    }
    const std::int64_t length = std::min(*last, size);
    return Range{size - length, length};
}

Answer bytes_answer(const Request& request, ContentPtr content, std::string type, bool ranges) {
    Answer answer;
    answer.content_type = std::move(type);
    answer.length = content->size();
    const auto range =
        ranges ? parse_range(request.header("range"), content->size()) : std::nullopt;
    if (range && (range->offset >= content->size() || range->length <= 0)) {
        Answer error = error_answer(416, "requestedRangeNotSatisfiable",
                                    "Request range not satisfiable", "Range");
        error.headers.emplace_back("Content-Range", "bytes */" + std::to_string(content->size()));
        return error;
    }
    if (range) {
        answer.status = 206;
        answer.offset = range->offset;
        answer.length = range->length;
        answer.headers.emplace_back("Content-Range",
                                    "bytes " + std::to_string(range->offset) + "-" +
                                        std::to_string(range->offset + range->length - 1) + "/" +
                                        std::to_string(content->size()));
    }
    answer.content = std::move(content);
    return answer;
}

const ExportForm* find_form(const Item& item, std::string_view mime, std::string_view extension) {
    for (const ExportForm& form : export_forms()) {
        if (fits(form, item.mime_type) && (form.mime_type == mime || form.extension == extension)) {
            return &form;
        }
    }
    return nullptr;
}

/// A form or a video of Google's has no form that it could be exported to.
bool is_exportable(const Item& item) {
    return std::any_of(export_forms().begin(), export_forms().end(),
                       [&](const ExportForm& form) { return fits(form, item.mime_type); });
}

json export_formats_json() {
    json formats = json::object();
    for (const ExportForm& form : export_forms()) {
        formats[std::string(kGooglePrefix) + std::string(form.document)].push_back(form.mime_type);
    }
    return formats;
}

Answer json_answer(const json& body) {
    Answer answer;
    answer.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    return answer;
}

/// What becomes of media on its way, by the switches.
void set_delivery(const Switches& switches, Answer& answer) {
    if (const std::int64_t how = switches.get(Switch::media_chunked); how != 0) {
        answer.delivery.length =
            how == 1 ? Delivery::Length::chunked : Delivery::Length::until_close;
    }
    if (const std::int64_t cut = switches.get(Switch::media_cut_bytes); cut != 0) {
        answer.delivery.cut_after = cut;
    }
}

/// One page of drives.list; the token is the number of drives before it.
Answer drive_list(const Request& request, const json& all, const Mask& mask) {
    const auto limit = page_size(request, 10, 100);
    const auto token = request.param("pageToken").value_or("0");
    const auto begin = number(token.empty() ? "0" : token);
    if (!limit || !begin || *begin < 0) {
        return error_answer(400, "invalid", "Invalid Value", limit ? "pageToken" : "pageSize");
    }
    json body = {{"kind", "drive#driveList"}, {"drives", json::array()}};
    const auto end = static_cast<std::size_t>(*begin) + *limit;
    for (auto n = static_cast<std::size_t>(*begin); n < std::min(end, all.size()); ++n) {
        body["drives"].push_back(all[n]);
    }
    if (end < all.size()) {
        body["nextPageToken"] = std::to_string(end);
    }
    return json_answer(apply_mask(body, mask));
}

Answer download_forbidden() {
    return error_answer(403, "cannotDownloadFile", "This file cannot be downloaded by the user.");
}

}  // namespace

ItemPtr visible_item(const Request& request, const Store& store, std::string_view id) {
    ItemPtr item = store.tree().find(id);
    if (!item || store.tree().hidden(*item)) {
        return nullptr;
    }
    if (!item->drive_id.empty() && !supports_all_drives(request)) {
        return nullptr;
    }
    const bool locked = !item->resource_key.empty() && !item->owned &&
                        store.switches().on(Switch::resource_key_404);
    const std::string keys = "," + request.header("x-goog-drive-resource-keys") + ",";
    const bool unlocked =
        keys.find("," + item->id + "/" + item->resource_key + ",") != std::string::npos;
    return locked && !unlocked ? nullptr : item;
}

Answer file_not_found(std::string_view id) {
    return error_answer(404, "notFound", "File not found: " + std::string(id) + ".", "fileId");
}

std::optional<std::size_t> page_size(const Request& request, std::size_t standard,
                                     std::size_t most) {
    const auto text = request.param("pageSize");
    if (!text) {
        return standard;
    }
    const auto value = number(*text);
    if (!value || *value < 1) {
        return std::nullopt;
    }
    return std::min(static_cast<std::size_t>(*value), most);
}

bool supports_all_drives(const Request& request) {
    return request.flag("supportsAllDrives") || request.flag("supportsTeamDrives");
}

Answer DriveApi::answer(const Request& request, const Route& route) {
    if (route.label == "files.list") {
        return list_files(request, store_);
    }
    if (route.label == "files.get") {
        return get(request, route);
    }
    if (route.label == "files.media") {
        return media(request, route);
    }
    if (route.label == "files.export") {
        return exported(request, route);
    }
    if (route.label == "export.link") {
        return export_link(request, route);
    }
    if (route.label == "changes.list") {
        return list_changes(request, store_);
    }
    if (route.label == "changes.getStartPageToken") {
        return start_page_token(request, store_);
    }
    if (route.label == "about.get") {
        return about(request);
    }
    return drives(request, route);
}

Answer DriveApi::get(const Request& request, const Route& route) {
    const auto mask = request_mask(request, kFileStandard, file_shape());
    if (!mask) {
        return mask.error();
    }
    const auto lock = store_.read();
    const ItemPtr item = named_item(request, route);
    if (!item) {
        return file_not_found(route.id);
    }
    return json_answer(
        file_json(*item, *mask, {store_, request.origin(), store_.tree().trashed(*item)}));
}

ItemPtr DriveApi::named_item(const Request& request, const Route& route) const {
    ItemPtr item = visible_item(request, store_, route.id);
    const std::int64_t lag = store_.switches().get(Switch::get_lag_ms);
    return item && item->appeared_ms > store_.now_ms() - lag ? nullptr : item;
}

ItemPtr DriveApi::media_item(const Request& request, const Route& route) {
    const auto lock = store_.write();
    ItemPtr item = named_item(request, route);
    const bool binary = item && item->content && !item->is_google_type();
    if (binary && ++media_changes_ <= store_.switches().get(Switch::content_changes_before_media)) {
        const auto size = static_cast<std::size_t>(item->content->size());
        store_.update_content(item->id, make_bytes(item->content->read(0, size) + "\n"),
                              store_.now_ms());
        item = store_.tree().find(route.id);
    }
    return item;
}

Answer DriveApi::media(const Request& request, const Route& route) {
    ItemPtr item;
    if (store_.switches().on(Switch::content_changes_before_media)) {
        item = media_item(request, route);
    } else {
        const auto lock = store_.read();
        item = named_item(request, route);
    }
    if (!item) {
        return file_not_found(route.id);
    }
    if (item->is_google_type() || !item->content) {
        return error_answer(403, "fileNotDownloadable",
                            "Only files with binary content can be downloaded. Use Export with "
                            "Docs Editors files.",
                            "alt");
    }
    if (!item->can_download) {
        return download_forbidden();
    }
    if (item->abusive && !(item->owned && request.flag("acknowledgeAbuse"))) {
        return error_answer(403, "cannotDownloadAbusiveFile",
                            "This file has been identified as malware or spam and cannot be "
                            "downloaded.");
    }
    note_view(*item);
    Answer answer = bytes_answer(request, item->content, item->mime_type,
                                 !store_.switches().on(Switch::range_ignored));
    set_delivery(store_.switches(), answer);
    return answer;
}

Answer DriveApi::exported(const Request& request, const Route& route) {
    ItemPtr item;
    {
        const auto lock = store_.read();
        item = named_item(request, route);
    }
    if (!item) {
        return file_not_found(route.id);
    }
    const auto mime = request.param("mimeType");
    if (!mime) {
        return error_answer(400, "required", "Required parameter: mimeType", "mimeType");
    }
    if (!is_exportable(*item)) {
        return error_answer(403, "fileNotExportable", "Export only supports Docs Editors files.");
    }
    if (!item->can_download) {
        return download_forbidden();
    }
    const ExportForm* form = find_form(*item, *mime, "-");
    if (form == nullptr) {
        return error_answer(400, "badRequest", "The requested conversion is not supported.",
                            "convertTo");
    }
    const std::uint64_t serial = store_.switches().on(Switch::export_bytes_vary) ? ++exports_ : 1;
    ContentPtr bytes = make_bytes(render_export(*form, *item, serial));
    if (bytes->size() > store_.switches().get(Switch::export_limit_bytes)) {
        return error_answer(403, "exportSizeLimitExceeded",
                            "This file is too large to be exported.");
    }
    note_view(*item);
    return bytes_answer(request, std::move(bytes), *mime,
                        !store_.switches().on(Switch::exports_have_no_range));
}

Answer DriveApi::export_link(const Request& request, const Route& route) {
    if (store_.switches().on(Switch::export_link_login_page)) {
        return html_answer(200, "Sign in - Google Accounts");
    }
    ItemPtr item;
    {
        const auto lock = store_.read();
        item = store_.tree().find(route.id);
        item = item && store_.tree().hidden(*item) ? nullptr : item;
    }
    const ExportForm* form =
        item ? find_form(*item, "-", request.param("exportFormat").value_or("")) : nullptr;
    if (form == nullptr) {
        return html_answer(404, "Page not found");
    }
    if (!item->can_download) {
        return html_answer(403, "Access denied");
    }
    const std::uint64_t serial = store_.switches().on(Switch::export_bytes_vary) ? ++exports_ : 1;
    return bytes_answer(request, make_bytes(render_export(*form, *item, serial)),
                        std::string(form->mime_type),
                        !store_.switches().on(Switch::exports_have_no_range));
}

Answer DriveApi::about(const Request& request) {
    if (!request.param("fields")) {
        return error_answer(400, "required", "The 'fields' parameter is required for this method.",
                            "fields");
    }
    const auto mask = request_mask(
        request, "*",
        "kind,user,storageQuota,exportFormats,importFormats,maxImportSizes,maxUploadSize,"
        "folderColorPalette,driveThemes,teamDriveThemes,canCreateDrives,canCreateTeamDrives,"
        "appInstalled");
    if (!mask) {
        return mask.error();
    }
    const Account& account = store_.account();
    const json full = {{"kind", "drive#about"},
                       {"user",
                        {{"kind", "drive#user"},
                         {"displayName", account.name},
                         {"me", true},
                         {"permissionId", account.permission_id},
                         {"emailAddress", account.email}}},
                       {"storageQuota",
                        {{"limit", "16106127360"},
                         {"usage", "1048576"},
                         {"usageInDrive", "1048576"},
                         {"usageInDriveTrash", "0"}}},
                       {"exportFormats", export_formats_json()},
                       {"maxUploadSize", "5242880000000"},
                       {"appInstalled", true},
                       {"canCreateDrives", false}};
    return json_answer(apply_mask(full, *mask));
}

Answer DriveApi::drives(const Request& request, const Route& route) {
    const bool one = route.label == "drives.get";
    static constexpr std::string_view kDriveShape =
        "kind,id,name,themeId,colorRgb,backgroundImageFile,backgroundImageLink,capabilities,"
        "createdTime,hidden,restrictions,orgUnitId";
    const auto mask =
        one ? request_mask(request, "kind,id,name", kDriveShape)
            : request_mask(request, "kind,nextPageToken,drives(kind,id,name)",
                           "kind,nextPageToken,drives(" + std::string(kDriveShape) + ")");
    if (!mask) {
        return mask.error();
    }
    const auto lock = store_.read();
    json list = json::array();
    for (const SharedDrive& drive : store_.drives()) {
        const ItemPtr root = store_.tree().find(drive.id);
        if (root && !root->revoked && (!one || drive.id == route.id)) {
            list.push_back({{"kind", "drive#drive"}, {"id", drive.id}, {"name", drive.name}});
        }
    }
    if (!one) {
        return drive_list(request, list, *mask);
    }
    return list.empty()
               ? error_answer(404, "notFound", "Shared drive not found: " + route.id, "driveId")
               : json_answer(apply_mask(list.front(), *mask));
}

void DriveApi::note_view(const Item& item) {
    if (store_.switches().on(Switch::feed_noise)) {
        const auto lock = store_.write();
        store_.touch_viewed(item.id);
    }
}

}  // namespace emulator
