#include "item_spec.h"

#include "edits.h"
#include "timestamp.h"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;
using Setter = std::function<bool(Item&, const json&)>;

Setter text(std::string Item::*member) {
    return [member](Item& item, const json& value) {
        if (value.is_string()) {
            item.*member = value.get<std::string>();
        }
        return value.is_string();
    };
}

Setter flag(bool Item::*member) {
    return [member](Item& item, const json& value) {
        if (value.is_boolean()) {
            item.*member = value.get<bool>();
        }
        return value.is_boolean();
    };
}

/// null takes the checksum away, a text takes its place, true gives the true one back.
Setter checksum(std::optional<std::string> Item::*member) {
    return [member](Item& item, const json& value) {
        if (value.is_null()) {
            item.*member = "";
        } else if (value.is_string()) {
            item.*member = value.get<std::string>();
        } else {
            (item.*member).reset();
        }
        return value.is_null() || value.is_string() || value == true;
    };
}

Setter time(std::int64_t Item::*member) {
    return [member](Item& item, const json& value) {
        const auto ms =
            value.is_string() ? parse_timestamp(value.get<std::string>()) : std::nullopt;
        item.*member = ms.value_or(0);
        return ms.has_value();
    };
}

bool set_document(Item& item, const json& value) {
    if (!value.is_string()) {
        return false;
    }
    item.mime_type = std::string(kGooglePrefix) + value.get<std::string>();
    return true;
}

bool set_export_padding(Item& item, const json& value) {
    if (!value.is_number_unsigned()) {
        return false;
    }
    item.export_padding = value.get<std::int64_t>();
    return true;
}

const std::map<std::string, Setter>& setters() {
    static const std::map<std::string, Setter> all = {
        {"id", text(&Item::id)},
        {"name", text(&Item::name)},
        {"mime", text(&Item::mime_type)},
        {"document", set_document},
        {"resourceKey", text(&Item::resource_key)},
        {"targetId", text(&Item::target_id)},
        {"targetMime", text(&Item::target_mime_type)},
        {"targetResourceKey", text(&Item::target_resource_key)},
        {"trashed", flag(&Item::trashed)},
        {"canDownload", flag(&Item::can_download)},
        {"owned", flag(&Item::owned)},
        {"sharedWithMe", flag(&Item::shared_with_me)},
        {"shared", flag(&Item::shared)},
        {"abusive", flag(&Item::abusive)},
        {"revoked", flag(&Item::revoked)},
        {"photos", flag(&Item::in_photos)},
        {"md5", checksum(&Item::md5)},
        {"sha1", checksum(&Item::sha1)},
        {"sha256", checksum(&Item::sha256)},
        {"created", time(&Item::created_ms)},
        {"modified", time(&Item::modified_ms)},
        {"exportPadding", set_export_padding},
    };
    return all;
}

/// Members that are read elsewhere.
bool known_elsewhere(const std::string& name) {
    static const std::map<std::string, int> others = {
        {"op", 0},     {"path", 0}, {"parent", 0}, {"folder", 0}, {"children", 0}, {"content", 0},
        {"base64", 0}, {"size", 0}, {"seed", 0},   {"target", 0}, {"to", 0}};
    return others.contains(name);
}

}  // namespace

std::string text_member(const json& object, const char* name, std::string fallback) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>()
                                                       : std::move(fallback);
}

ContentPtr read_content(const json& object) {
    if (object.contains("content")) {
        return make_bytes(text_member(object, "content"));
    }
    if (object.contains("base64")) {
        return make_bytes(from_base64(text_member(object, "base64")));
    }
    const auto size = object.find("size");
    if (size == object.end() || !size->is_number_unsigned()) {
        return nullptr;
    }
    const auto seed = object.find("seed");
    return make_pattern(
        seed != object.end() && seed->is_number_unsigned() ? seed->get<std::uint64_t>() : 0,
        size->get<std::int64_t>());
}

tl::expected<void, std::string> read_item(const Store& store, const json& object, Item& item) {
    for (const auto& member : object.items()) {
        const auto setter = setters().find(member.key());
        if (setter == setters().end()) {
            if (!known_elsewhere(member.key())) {
                return tl::unexpected("an item has no member " + member.key());
            }
            continue;
        }
        if (!setter->second(item, member.value())) {
            return tl::unexpected("the item's " + member.key() + " has the wrong type");
        }
    }
    if (object.contains("folder") && object["folder"] == true) {
        item.mime_type = kFolder;
    }
    if (const std::string target = text_member(object, "target"); !target.empty()) {
        item.mime_type = kShortcut;
        const ItemPtr found =
            target.starts_with("/") ? store.tree().at_path(target) : store.tree().find(target);
        item.target_id = found ? found->id : target;
    }
    if (ContentPtr content = read_content(object)) {
        item.content = std::move(content);
    }
    return {};
}

}  // namespace emulator
