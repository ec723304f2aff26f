#include "edits.h"

#include "item_spec.h"
#include "timestamp.h"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;
using Outcome = tl::expected<std::string, std::string>;
using Adder = std::function<ItemPtr(Item)>;

Item new_folder(const std::string& name, const std::string& parent) {
    Item folder;
    folder.name = name;
    folder.parent = parent;
    folder.mime_type = kFolder;
    return folder;
}

/// The folder a path lies in, made where it is missing; the last component comes back in `name`.
ItemPtr make_parents(Store& store, std::string path, std::string& name, const Adder& add) {
    ItemPtr at = store.tree().find(kRootId);
    while (path.starts_with("/")) {
        path.erase(0, 1);
    }
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/')) {
        const std::string part = path.substr(0, slash);
        path.erase(0, slash + 1);
        ItemPtr next;
        store.tree().children(at->id, 0, [&](const ItemPtr& child, std::uint64_t) {
            next = child->name == part && child->is_folder() ? child : next;
            return next == nullptr;
        });
        at = next ? next : add(new_folder(part, at->id));
    }
    name = path;
    return at;
}

/// A new item as `object` describes it, with its children.
Outcome add_item(Store& store, const json& object, const std::string& parent, const Adder& add) {
    Item item;
    item.parent = parent;
    if (const std::string path = text_member(object, "path"); !path.empty()) {
        item.parent = make_parents(store, path, item.name, add)->id;
    } else if (const std::string given = text_member(object, "parent"); !given.empty()) {
        const ItemPtr found =
            given.starts_with("/") ? store.tree().at_path(given) : store.tree().find(given);
        item.parent = found ? found->id : given;
    }
    if (auto read = read_item(store, object, item); !read) {
        return tl::unexpected(read.error());
    }
    if (item.mime_type.empty()) {
        item.mime_type =
            object.contains("children") ? std::string(kFolder) : guess_mime_type(item.name);
    }
    if (!item.content && !item.is_google_type()) {
        item.content = make_bytes("");
    }
    const std::string id = add(std::move(item))->id;
    if (const auto children = object.find("children"); children != object.end()) {
        for (const json& child : *children) {
            if (auto made = add_item(store, child, id, add); !made) {
                return made;
            }
        }
    }
    return id;
}

std::int64_t integer(const json& object, const char* name, std::int64_t fallback) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                               : fallback;
}

std::vector<std::int64_t> read_sizes(const json& object) {
    std::vector<std::int64_t> sizes;
    const auto found = object.find("size");
    if (found != object.end() && found->is_array()) {
        for (const json& size : *found) {
            sizes.push_back(size.is_number_integer() ? size.get<std::int64_t>() : 0);
        }
    } else {
        sizes.push_back(integer(object, "size", 1024));
    }
    return sizes;
}

/// {"path", "folders", "fanout", "files", "size", "distinct", "seed", "modified"}: folders with
/// like files; `fanout` makes a tree of the folders.
tl::expected<void, std::string> generate(Store& store, const json& object) {
    const Adder add = [&](Item item) { return store.load(std::move(item)); };
    std::string name;
    ItemPtr top = make_parents(store, text_member(object, "path", "/") + "/", name, add);
    const std::int64_t folders = integer(object, "folders", 0);
    const std::int64_t fanout = integer(object, "fanout", 0);
    const std::int64_t files = integer(object, "files", 0);
    if (folders < 0 || fanout < 0 || files < 0 || folders * files > 10'000'000) {
        return tl::unexpected(std::string("generate: folders, fanout and files must be sane"));
    }
    const auto modified = parse_timestamp(text_member(object, "modified", "2026-01-02T03:04:05Z"));
    Block block;
    block.count = static_cast<std::uint32_t>(files);
    block.seed = static_cast<std::uint64_t>(integer(object, "seed", 1));
    block.distinct = static_cast<std::uint32_t>(integer(object, "distinct", 0));
    block.prefix = text_member(object, "prefix", block.prefix);
    block.suffix = text_member(object, "suffix", block.suffix);
    block.sizes = read_sizes(object);
    block.modified_ms = modified.value_or(store.now_ms());
    std::vector<std::string> made;
    for (std::int64_t n = 0; n < folders; ++n) {
        const bool nested = fanout > 0 && n >= fanout;
        Item folder = new_folder("folder-" + std::to_string(n),
                                 nested ? made[static_cast<std::size_t>(n / fanout - 1)] : top->id);
        folder.created_ms = folder.modified_ms = block.modified_ms;
        made.push_back(store.load(std::move(folder))->id);
    }
    if (folders == 0) {
        made.push_back(top->id);
    }
    for (const std::string& folder : made) {
        block.parent = folder;
        store.load_block(block);
    }
    return {};
}

tl::expected<void, std::string> load_list(Store& store, const json& list,
                                          const std::string& parent) {
    const Adder add = [&](Item item) { return store.load(std::move(item)); };
    for (const json& object : list) {
        if (auto made = add_item(store, object, parent, add); !made) {
            return tl::unexpected(made.error());
        }
    }
    return {};
}

tl::expected<void, std::string> load_drive(Store& store, const json& object) {
    SharedDrive drive{text_member(object, "id"), text_member(object, "name")};
    if (drive.id.empty() || drive.name.empty()) {
        return tl::unexpected(std::string("a drive needs id and name"));
    }
    const std::string id = drive.id;
    store.add_drive(std::move(drive));
    return object.contains("items") ? load_list(store, object["items"], id)
                                    : tl::expected<void, std::string>();
}

Outcome move_item(Store& store, const json& edit, const ItemPtr& item) {
    const std::string to = text_member(edit, "to");
    const ItemPtr parent = to.starts_with("/") ? store.tree().at_path(to) : store.tree().find(to);
    if (!parent || !store.move(item->id, parent->id)) {
        return tl::unexpected("no folder " + to);
    }
    return item->id;
}

Outcome change_item(Store& store, const json& edit, const ItemPtr& item, const std::string& op) {
    Item changed = *item;
    if (auto read = read_item(store, edit, changed); !read) {
        return tl::unexpected(read.error());
    }
    changed.id = item->id;
    const bool new_bytes = changed.content != item->content;
    if ((new_bytes || op == "update") && !edit.contains("modified")) {
        changed.modified_ms = store.now_ms();
    }
    changed.revision += new_bytes ? 1 : 0;
    store.change(item->id, [&](Item& now) { now = changed; });
    return item->id;
}

}  // namespace

tl::expected<void, std::string> load_spec(Store& store, const json& spec) {
    using Loader = std::function<tl::expected<void, std::string>(const json&)>;
    const std::map<std::string, Loader> parts = {
        {"generate", [&](const json& part) { return generate(store, part); }},
        {"items", [&](const json& part) { return load_list(store, json::array({part}), "root"); }},
        {"drives", [&](const json& part) { return load_drive(store, part); }},
    };
    if (!spec.is_object()) {
        return tl::unexpected(std::string("a specification is a JSON object"));
    }
    for (const auto& member : spec.items()) {
        const auto part = parts.find(member.key());
        if (part == parts.end() || !member.value().is_array()) {
            return tl::unexpected("a specification has arrays generate, items and drives, not " +
                                  member.key());
        }
        for (const json& element : member.value()) {
            if (auto loaded = part->second(element); !loaded) {
                return tl::unexpected(member.key() + ": " + loaded.error());
            }
        }
    }
    return {};
}

ItemPtr find_item(const Store& store, const json& reference) {
    const std::string path = text_member(reference, "path");
    return path.empty() ? store.tree().find(text_member(reference, "id"))
                        : store.tree().at_path(path);
}

Outcome apply_edit(Store& store, const json& edit) {
    if (!edit.is_object()) {
        return tl::unexpected(std::string("an edit is a JSON object with op"));
    }
    const std::string op = text_member(edit, "op");
    if (op == "create") {
        return add_item(store, edit, std::string(kRootId),
                        [&](Item item) { return store.create(std::move(item)); });
    }
    const ItemPtr item = find_item(store, edit);
    if (!item) {
        return tl::unexpected("no such item: " + edit.dump());
    }
    if (op == "move") {
        return move_item(store, edit, item);
    }
    if (op == "update" || op == "rename" || op == "set") {
        return change_item(store, edit, item, op);
    }
    if (op == "trash" || op == "untrash") {
        store.change(item->id, [&](Item& now) { now.trashed = op == "trash"; });
        return item->id;
    }
    if (op == "delete") {
        store.remove(item->id);
        return item->id;
    }
    if (op == "revoke" || op == "grant") {
        store.set_revoked(item->id, op == "revoke");
        return item->id;
    }
    return tl::unexpected(
        "op must be create, update, rename, set, move, trash, untrash, delete, "
        "revoke or grant, not \"" +
        op + "\"");
}

std::string guess_mime_type(const std::string& name) {
    static const std::map<std::string, std::string> types = {
        {".txt", "text/plain"}, {".md", "text/markdown"},      {".html", "text/html"},
        {".csv", "text/csv"},   {".json", "application/json"}, {".pdf", "application/pdf"},
        {".png", "image/png"},  {".jpg", "image/jpeg"},        {".zip", "application/zip"},
        {".mp4", "video/mp4"},  {".mp3", "audio/mpeg"}};
    const auto dot = name.rfind('.');
    const auto found = dot == std::string::npos ? types.end() : types.find(name.substr(dot));
    return found == types.end() ? "application/octet-stream" : found->second;
}

}  // namespace emulator
