#include "store.h"

#include "digest.h"
#include "timestamp.h"

#include <utility>

namespace emulator {
namespace {

/// Looks like Drive's: 33 characters, the first a 1. The same sequence of changes gets the same
/// ids.
std::string made_id(std::uint64_t number) {
    return "1" + to_base64url(digest(Hash::sha256, "item " + std::to_string(number))).substr(0, 32);
}

}  // namespace

Store::Store(const Switches& switches) : switches_(switches), tree_(wall_clock_ms()) {}

std::int64_t Store::now_ms() const {
    return wall_clock_ms() + clock_offset_ms_;
}

ItemPtr Store::load(Item item) {
    if (item.id.empty()) {
        item.id = made_id(++made_ids_);
    }
    item.created_ms = item.created_ms == 0 ? now_ms() : item.created_ms;
    item.modified_ms = item.modified_ms == 0 ? item.created_ms : item.modified_ms;
    if (const ItemPtr target = tree_.find(item.target_id);
        target && item.target_mime_type.empty()) {
        item.target_mime_type = target->mime_type;
    }
    if (const ItemPtr parent = tree_.find(item.parent)) {
        item.parent = parent->id;
        item.drive_id = parent->drive_id;
    }
    return tree_.put(std::move(item));
}

void Store::add_drive(SharedDrive drive) {
    Item root;
    root.id = drive.id;
    root.name = "Drive";
    root.mime_type = kFolder;
    root.drive_id = drive.id;
    root.owned = false;
    load(std::move(root));
    drives_.push_back(std::move(drive));
}

ItemPtr Store::create(Item item) {
    item.appeared_ms = now_ms();
    ItemPtr made = load(std::move(item));
    record(made);
    return made;
}

bool Store::change(const std::string& id, const std::function<void(Item&)>& edit) {
    const ItemPtr old = tree_.find(id);
    if (!old) {
        return false;
    }
    Item item = *old;
    edit(item);
    item.version = old->version + 1;
    const ItemPtr now = tree_.put(std::move(item));
    record(now);
    record_shortcuts_to(id);
    if (now->is_folder() && (now->name != old->name || now->trashed != old->trashed)) {
        record_below(now->id);
    }
    return true;
}

bool Store::update_content(const std::string& id, ContentPtr content, std::int64_t modified_ms) {
    return change(id, [&](Item& item) {
        item.content = std::move(content);
        item.modified_ms = modified_ms;
        ++item.revision;
    });
}

bool Store::move(const std::string& id, const std::string& parent) {
    const ItemPtr old = tree_.find(id);
    const ItemPtr target = tree_.find(parent);
    if (!old || !target) {
        return false;
    }
    if (old->drive_id != target->drive_id) {
        // Across corpora the move looks like a deletion in the one it leaves.
        for (const ItemPtr& below : tree_.subtree(old->id)) {
            record(below, switches_.on(Switch::corpus_move_is_removal));
            Item item = *below;
            item.drive_id = target->drive_id;
            record(tree_.put(std::move(item)));
        }
    }
    const bool moved = change(id, [&](Item& item) {
        item.parent = target->id;
        if (!switches_.on(Switch::move_keeps_modified_time)) {
            item.modified_ms = now_ms();
        }
    });
    record_below(old->id);
    return moved;
}

bool Store::remove(const std::string& id) {
    const std::vector<ItemPtr> gone = tree_.subtree(id);
    const bool top_only = switches_.on(Switch::folder_move_emits_one_entry);
    for (auto at = gone.rbegin(); at != gone.rend(); ++at) {
        tree_.erase((*at)->id);
        if (!top_only || (*at)->id == id) {
            record(*at, true);
        }
    }
    return !gone.empty();
}

bool Store::set_revoked(const std::string& id, bool revoked) {
    const ItemPtr old = tree_.find(id);
    if (!old) {
        return false;
    }
    Item item = *old;
    item.revoked = revoked;
    const ItemPtr now = tree_.put(std::move(item));
    if (!revoked || switches_.on(Switch::removed_on_lost_access)) {
        record(now, revoked);
        record_below(now->id);
    }
    return true;
}

void Store::relocate(const std::string& id, ContentPtr content) {
    if (const ItemPtr old = tree_.find(id)) {
        Item item = *old;
        item.content = std::move(content);
        tree_.put(std::move(item));
    }
}

void Store::touch_viewed(const std::string& id) {
    change(id, [](Item&) {});
}

void Store::record(const ItemPtr& item, bool removed) {
    feed_.record({item->id, item->drive_id, now_ms(), removed, item});
}

void Store::record_shortcuts_to(const std::string& id) {
    if (switches_.on(Switch::shortcut_ignores_target)) {
        return;
    }
    tree_.all(0, [&](const ItemPtr& item, std::uint64_t) {
        if (item->target_id == id) {
            record(item);
        }
        return true;
    });
}

void Store::record_below(const std::string& id) {
    if (switches_.on(Switch::folder_move_emits_one_entry)) {
        return;
    }
    for (const ItemPtr& below : tree_.subtree(id)) {
        if (below->id != id) {
            record(below);
        }
    }
}

}  // namespace emulator
