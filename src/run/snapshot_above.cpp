#include "above_targets.h"
#include "snapshot.h"
#include "terms.h"

#include <algorithm>
#include <utility>

// The folders above what shortcuts lead to: recorded, so that the feed's entries of other folders
// are of no interest.

namespace gds::run {

using state::ItemNo;
using state::Store;

Status Snapshot::look_above_targets(ItemNo root) {
    const bool anew = full_ && !std::exchange(looked_above_, true) &&
                      !GDS_TRY(store_.folders_above_targets(root)).empty();
    std::int64_t is_new = anew ? 1 : 0;
    for (;;) {
        const std::vector<drive::Ref> missing = GDS_TRY(take_missing_above(root));
        const std::vector<ItemAnswer> answers = GDS_TRY(ask_by_id(engine_, api_, missing));
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        for (const auto& [ref, item] : answers) {
            is_new = std::max(is_new, GDS_TRY(take_above(ref, item)));
        }
        if (is_new > GDS_TRY(store_.number(kAboveIsNew))) {
            GDS_CHECK(store_.set_meta(kAboveIsNew, std::to_string(is_new)));
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

/// How new it is (kAboveIsNew).
Result<std::int64_t> Snapshot::take_above(const drive::Ref& ref,
                                          const Result<model::Item>& folder) {
    if (folder) {
        return std::int64_t{GDS_TRY(store_.upsert(*folder)).changed ? 1 : 0};
    }
    const ItemNo n = GDS_TRY(store_.intern(ref.id));
    const Store::Standing before = GDS_TRY(store_.standing(n));
    const bool hidden = drive::proves_absence(folder.error());
    // Out of this account's sight, and so are the folders above it; or what is above is not known.
    GDS_CHECK(store_.set_unknown(n));
    GDS_CHECK(store_.set_absent(n, hidden));
    return std::int64_t{hidden && (before.known || !before.absent) ? 2 : 0};
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
