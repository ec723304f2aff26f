#include "snapshot.h"

#include <utility>

// What the feed tells of items while, and after, a full listing has shown them.

namespace gds::run {

using model::ItemKind;
using state::ItemNo;
using state::Query;

Result<bool> Snapshot::is_linked(ItemNo item) {
    Query query(store_.db(), "SELECT n FROM item WHERE target = ?", item);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row || seen_.has(query.integer(0))) {
            return row;
        }
    }
}

Status Snapshot::told(ItemNo item, const model::Item& state) {
    if (!full_) {
        return {};
    }
    forget_surprise(item);
    const ItemNo parent = GDS_TRY(store_.intern(state.parent));
    const bool inside = !state.trashed && seen_.has(parent) && GDS_TRY(listed(parent));
    if (!inside) {
        const bool linked = !state.trashed && GDS_TRY(is_linked(item));
        if (!linked) {
            seen_.remove(item);
            proven_.add(item);
        }
        return {};
    }
    const bool was_seen = seen_.has(item);
    seen_.add(item);
    if (state.kind == ItemKind::shortcut && !state.target_id.empty()) {
        targets_[state.target_id] = drive::target_of(state);
        wants_more_ = true;
    } else if (state.kind == ItemKind::folder && !(was_seen && GDS_TRY(listed(item)))) {
        const auto known = paths_.find(state.parent);
        const bool was_flat = std::exchange(flat_, false);
        GDS_CHECK(descend(state, known == paths_.end() ? std::nullopt : known->second));
        flat_ = was_flat;
        wants_more_ = true;
    }
    return {};
}

Status Snapshot::shifts(ItemNo item, const std::string& to) {
    if (!full_) {
        return {};
    }
    const ItemNo from = GDS_TRY(store_.standing(item)).parent;
    if (!long_.has(from) || from == GDS_TRY(store_.intern(to))) {
        return {};
    }
    const auto folder = GDS_TRY(store_.item(from));
    if (folder) {
        begun_.remove(from);
        long_.remove(from);
        lister_.forget(folder->id);
        lister_.want_folder(drive::ref_of(*folder));
        wants_more_ = true;
    }
    return {};
}

Status Snapshot::lost(ItemNo item) {
    forget_surprise(item);
    seen_.remove(item);
    const bool target = full_ && GDS_TRY(is_linked(item));
    if (target) {
        const auto row = GDS_TRY(store_.item(item));
        const std::string id = GDS_TRY(store_.id_of(item));
        lister_.forget(id);
        targets_[id] = row ? drive::ref_of(*row) : drive::Ref{};
        wants_more_ = true;
    }
    return {};
}

}  // namespace gds::run
