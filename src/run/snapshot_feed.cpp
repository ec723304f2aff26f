#include "snapshot.h"

#include <utility>

// What the feed tells of items while, and after, a full listing has shown them.

namespace gds::run {

using model::ItemKind;
using state::ItemNo;
using state::Query;

namespace {

/// Most are of folders that nobody mirrors, and never asked for.
constexpr std::size_t kMaxEarly = 1'000;

}  // namespace

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
        fresh_.add(item);
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
    if (!took_pages_) {
        return {};
    }
    if (pages_of_all_ > 1 && to.empty() && seen_.has(item)) {
        pages_of_all_ = 0;
        lister_.forget("");
        lister_.want_all();
        wants_more_ = true;
        return {};
    }
    const ItemNo from = GDS_TRY(store_.standing(item)).parent;
    return from == GDS_TRY(store_.intern(to)) ? Status() : left(from);
}

Status Snapshot::left(ItemNo folder) {
    left_.add(folder);
    return long_.has(folder) && listed_.has(folder) ? list_once_more(folder) : Status();
}

Status Snapshot::list_once_more(ItemNo folder) {
    const auto item = GDS_TRY(store_.item(folder));
    if (item && !once_more_.has(folder)) {
        once_more_.add(folder);
        lister_.forget(item->id);
        lister_.want_folder(drive::ref_of(*item));
        wants_more_ = true;
    }
    return {};
}

void Snapshot::told_early(const model::Item& state) {
    if (early_count_ < kMaxEarly) {
        early_[state.parent].push_back(state.id);
        ++early_count_;
    }
}

Status Snapshot::lost(ItemNo item) {
    if (!full_) {
        fresh_.add(item);
    }
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

Status Snapshot::ask_again(drive::ListingResult& result) {
    for (bool more = true; more;) {
        more = false;
        for (ItemNo n = fresh_.next(1); n != 0; n = fresh_.next(n + 1)) {
            if (!again_.has(n) && GDS_TRY(contradicts(n))) {
                GDS_CHECK(want_again(n));
                more = true;
            }
        }
        if (more) {
            GDS_CHECK(list_more(result));
        }
    }
    return {};
}

/// What the lists show of it is not what the feed told.
Result<bool> Snapshot::contradicts(ItemNo item) {
    if (differ_.has(item) || seen_.has(item)) {
        return differ_.has(item);
    }
    const state::Store::Standing standing = GDS_TRY(store_.standing(item));
    const bool was_listed =
        listed_.has(standing.parent) || (everything_listed_ && seen_.has(standing.parent));
    return standing.known && !standing.absent && !standing.trashed && was_listed;
}

Status Snapshot::want_again(ItemNo item) {
    const auto known = GDS_TRY(store_.item(item));
    again_.add(item);
    lister_.want_item(known ? drive::ref_of(*known) : drive::Ref{GDS_TRY(store_.id_of(item))});
    return {};
}

/// The folder is listed: its list should have shown them.
Status Snapshot::ask_for_early(const std::string& folder) {
    const auto told = early_.find(folder);
    if (told == early_.end()) {
        return {};
    }
    for (const std::string& id : told->second) {
        const ItemNo n = GDS_TRY(store_.intern(id));
        if (!seen_.has(n) && !again_.has(n)) {
            GDS_CHECK(want_again(n));
        }
    }
    early_.erase(told);
    return {};
}

/// A flat list of the drive has every folder in it.
Status Snapshot::ask_for_all_early() {
    std::vector<std::string> folders;
    for (const auto& [folder, ids] : early_) {
        if (seen_.has(GDS_TRY(store_.find(folder)))) {
            folders.push_back(folder);
        }
    }
    for (const std::string& folder : folders) {
        GDS_CHECK(ask_for_early(folder));
    }
    return {};
}

Status Snapshot::came_again(ItemNo item, const Result<model::Item>& result) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    if (!result) {
        const bool gone = drive::proves_absence(result.error());
        if (gone || result.error().code == Code::permission_denied) {
            GDS_CHECK(store_.set_absent(item, true));
            GDS_CHECK(lost(item));
        }
        if (gone) {
            proven_.add(item);
        }
        return transaction.commit();
    }
    const ItemNo parent = GDS_TRY(store_.find(result->parent));
    const bool inside = parent != 0 && GDS_TRY(listed(parent));
    const state::Store::Standing before = GDS_TRY(store_.standing(item));
    if (before.known || inside) {
        GDS_CHECK(store_.upsert(*result));
        GDS_CHECK(told(item, *result));
    }
    return transaction.commit();
}

}  // namespace gds::run
