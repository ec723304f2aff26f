#include "gds/volume/volume.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace gds::volume {

namespace {

using Json = nlohmann::json;

constexpr int kMarkerSchema = 1;
constexpr std::string_view kName = "volume.json";

std::string marker_path() {
    return fmt::format("{}/{}", kStateDirName, kName);
}

Error damaged(const Volume& volume, std::string_view why) {
    return error(
        Code::invalid_argument,
        fmt::format("{}/{}: {}; move it away and run `gdrive-sync resync`, which lists the "
                    "source in full and writes a new one",
                    printable(volume.path()), marker_path(), why));
}

/// Absent is empty; false where it is anything but text.
bool take(const Json& object, const char* name, std::string& into) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return true;
    }
    const auto* text = found->get_ptr<const std::string*>();
    if (text == nullptr) {
        return false;
    }
    into = *text;
    return true;
}

bool take(const Json& object, const char* name, std::vector<std::string>& into) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return true;
    }
    if (!found->is_array()) {
        return false;
    }
    for (const auto& element : *found) {
        const auto* text = element.get_ptr<const std::string*>();
        if (text == nullptr) {
            return false;
        }
        into.push_back(*text);
    }
    return true;
}

Json to_json(const Marker& marker) {
    return {{"schema", kMarkerSchema},
            {"volume_id", marker.volume_id},
            {"account", marker.account},
            {"root_id", marker.root_id},
            {"source", marker.source},
            {"withheld_plan", marker.withheld_plan},
            {"approved_plan", marker.approved_plan},
            {"used_approvals", marker.used_approvals},
            {"resync_ids", marker.resync_ids},
            {"last_full_listing", marker.last_full_listing}};
}

/// False where a member has the wrong type.
bool from_json(const Json& object, Marker& marker) {
    return take(object, "volume_id", marker.volume_id) && take(object, "account", marker.account) &&
           take(object, "root_id", marker.root_id) && take(object, "source", marker.source) &&
           take(object, "withheld_plan", marker.withheld_plan) &&
           take(object, "approved_plan", marker.approved_plan) &&
           take(object, "used_approvals", marker.used_approvals) &&
           take(object, "resync_ids", marker.resync_ids) &&
           take(object, "last_full_listing", marker.last_full_listing) && !marker.volume_id.empty();
}

}  // namespace

Result<std::optional<Marker>> read_marker(const Volume& volume) {
    const auto text = GDS_TRY(read_own_file(volume, kName));
    if (!text) {
        return std::optional<Marker>();
    }
    const Json object = Json::parse(*text, nullptr, false);
    if (!object.is_object()) {
        return damaged(volume, "damaged (not a JSON object)");
    }
    const auto schema = object.find("schema");
    if (schema == object.end() || !schema->is_number_integer()) {
        return damaged(volume, "damaged (no schema number)");
    }
    if (*schema != kMarkerSchema) {
        return error(
            Code::invalid_argument,
            fmt::format("{}/{}: written in schema {}, this program knows {}; use the version "
                        "that wrote it, or a newer one",
                        printable(volume.path()), marker_path(), schema->get<std::int64_t>(),
                        kMarkerSchema));
    }
    Marker marker;
    if (!from_json(object, marker)) {
        return damaged(volume, "damaged (a member is missing or of the wrong type)");
    }
    return std::optional(std::move(marker));
}

Status write_marker(const Volume& volume, const Marker& marker) {
    GDS_CHECK(make_state_dir(volume));
    // Text that is no UTF-8 can only be the operator's own --source; it must not stop the run.
    const auto text = to_json(marker).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return replace_own_file(volume, kName, text);
}

}  // namespace gds::volume
