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

void Snapshot::is_news(ItemNo item) {
    news_.told.add(item);
    news_.differ.remove(item);
    news_.asked.remove(item);
}

Status Snapshot::told(ItemNo item, const model::Item& state) {
    is_news(item);
    return place(item, state);
}

/// Where the item is by now, as whoever knows better than the lists says.
Status Snapshot::place(ItemNo item, const model::Item& state) {
    if (!full_ || item == root_) {
        return {};
    }
    forget_surprise(item);
    const ItemNo parent = GDS_TRY(store_.intern(state.parent));
    const bool inside = !state.trashed && seen_.has(parent) && GDS_TRY(listed(parent));
    if (!inside) {
        const bool linked = !state.trashed && GDS_TRY(is_linked(item));
        return linked ? place_linked(item, state) : place_outside(item);
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

Status Snapshot::place_outside(ItemNo item) {
    seen_.remove(item);
    proven_.add(item);
    return {};
}

/// Outside, where a shortcut leads to it.
Status Snapshot::place_linked(ItemNo item, const model::Item& state) {
    seen_.add(item);
    if (state.kind == ItemKind::folder && !GDS_TRY(listed(item))) {
        linked_folders_.push_back(state);
        wants_more_ = true;
    }
    return {};
}

Status Snapshot::shifts(ItemNo item, const std::string& to) {
    if (!pages_.taken) {
        return {};
    }
    if (pages_.of_all > 1 && to.empty() && seen_.has(item)) {
        pages_.of_all = 0;
        lister_.forget("");
        lister_.want_all();
        wants_more_ = true;
        return {};
    }
    const ItemNo from = GDS_TRY(store_.standing(item)).parent;
    return from == GDS_TRY(store_.intern(to)) ? Status() : left(from);
}

Status Snapshot::left(ItemNo folder) {
    pages_.left.add(folder);
    return pages_.several.has(folder) && listed_.has(folder) ? list_once_more(folder) : Status();
}

Status Snapshot::list_once_more(ItemNo folder) {
    const auto item = GDS_TRY(store_.item(folder));
    if (item && !pages_.once_more.has(folder)) {
        pages_.once_more.add(folder);
        lister_.forget(item->id);
        lister_.want_folder(drive::ref_of(*item));
        wants_more_ = true;
    }
    return {};
}

Status Snapshot::lost(ItemNo item) {
    is_news(item);
    forget_surprise(item);
    seen_.remove(item);
    const bool target = full_ && GDS_TRY(is_linked(item));
    return target ? look_again(item) : Status();
}

}  // namespace gds::run
