#include "above_targets.h"
#include "snapshot.h"
#include "terms.h"

#include <algorithm>

// The folders above what shortcuts lead to: recorded, so that the feed's entries of other folders
// are of no interest.

namespace gds::run {

using state::ItemNo;
using state::Store;

Status Snapshot::look_above_targets(ItemNo root) {
    if (full_ && !GDS_TRY(store_.folders_above_targets(root)).empty()) {
        above_is_new_ = 1;
    }
    for (;;) {
        const std::vector<drive::Ref> missing = GDS_TRY(take_missing_above(root));
        const std::vector<ItemAnswer> answers = GDS_TRY(ask_by_id(engine_, api_, missing));
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        for (const auto& [ref, item] : answers) {
            GDS_CHECK(take_above(ref, item));
        }
        if (above_is_new_ > 0) {
            GDS_CHECK(store_.set_meta(kAboveIsNew, std::to_string(above_is_new_)));
        }
        GDS_CHECK(transaction.commit());
        if (missing.empty()) {
            return {};
        }
    }
}

/// Each is asked for once a run. A target itself is asked for by whoever follows the shortcut.
Result<std::vector<drive::Ref>> Snapshot::take_missing_above(ItemNo root) {
    for (const ItemNo target : GDS_TRY(store_.targets())) {
        asked_above_.add(target);
    }
    std::vector<drive::Ref> missing;
    for (const ItemNo folder : GDS_TRY(store_.folders_above_targets(root))) {
        const Store::Standing standing = GDS_TRY(store_.standing(folder));
        // Known and out of sight, it went to where nobody follows its changes.
        const bool current = full_ ? seen_.has(folder) : standing.known != standing.absent;
        if (!current && !asked_above_.has(folder)) {
            asked_above_.add(folder);
            missing.push_back({GDS_TRY(store_.id_of(folder))});
        }
    }
    return missing;
}

Status Snapshot::take_above(const drive::Ref& ref, const Result<model::Item>& folder) {
    if (folder) {
        const bool changed = GDS_TRY(store_.upsert(*folder)).changed;
        above_is_new_ = std::max(above_is_new_, changed ? 1 : 0);
        return {};
    }
    const ItemNo n = GDS_TRY(store_.intern(ref.id));
    const Store::Standing before = GDS_TRY(store_.standing(n));
    const bool hidden = drive::proves_absence(folder.error());
    const bool went = hidden && (before.known || !before.absent);
    above_is_new_ = std::max(above_is_new_, went ? 2 : 0);
    // Out of this account's sight, and so are the folders above it; or what is above is not known.
    GDS_CHECK(store_.set_unknown(n));
    return store_.set_absent(n, hidden);
}

Result<NumberSet> Snapshot::present_above_targets(ItemNo root) {
    NumberSet present;
    for (const ItemNo folder : GDS_TRY(store_.folders_above_targets(root))) {
        const Store::Standing standing = GDS_TRY(store_.standing(folder));
        if (standing.known && !standing.absent) {
            present.add(folder);
        }
    }
    return present;
}

Status Snapshot::look_again(ItemNo target) {
    const std::string id = GDS_TRY(store_.id_of(target));
    if (full_) {
        const auto row = GDS_TRY(store_.item(target));
        lister_.forget(id);
        targets_[id] = row ? drive::ref_of(*row) : drive::Ref{id};
        wants_more_ = true;
        return {};
    }
    const bool known = GDS_TRY(store_.standing(target)).known;
    return known ? Status() : store_.set_absent(target, false);
}

}  // namespace gds::run
