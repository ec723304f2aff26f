#include "above_targets.h"
#include "snapshot.h"

// The folders above what shortcuts lead to: recorded, so that the feed's entries of other folders
// are of no interest.

namespace gds::run {

using state::ItemNo;
using state::Query;
using state::Store;

Status Snapshot::look_above_targets(ItemNo root) {
    for (;;) {
        const std::vector<drive::Ref> missing = GDS_TRY(missing_above(root));
        if (missing.empty()) {
            return {};
        }
        const std::vector<ItemAnswer> answers = GDS_TRY(ask_by_id(engine_, api_, missing));
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        for (const auto& [ref, item] : answers) {
            GDS_CHECK(take_above(ref, item));
        }
        GDS_CHECK(transaction.commit());
    }
}

/// A target itself is asked for by whoever follows the shortcut.
Result<std::vector<drive::Ref>> Snapshot::missing_above(ItemNo root) {
    std::vector<drive::Ref> missing;
    const AboveTargets above = GDS_TRY(AboveTargets::read(store_, root));
    for (const ItemNo folder : above.list()) {
        Query target(store_.db(), "SELECT 1 FROM item WHERE target = ?", folder);
        const Store::Standing standing = GDS_TRY(store_.standing(folder));
        const bool current = full_ ? seen_.has(folder) : standing.known || standing.absent;
        if (!current && !asked_above_.has(folder) && !GDS_TRY(target.next())) {
            asked_above_.add(folder);
            missing.push_back({GDS_TRY(store_.id_of(folder))});
        }
    }
    return missing;
}

Status Snapshot::take_above(const drive::Ref& ref, const Result<model::Item>& folder) {
    if (folder) {
        return GDS_TRY(store_.upsert(*folder)), Status();
    }
    if (!drive::is_out_of_sight(folder.error())) {
        return {};  // what is above it stays unknown, and the feed's folders are of interest
    }
    // Out of this account's sight, and so are the folders above it.
    const ItemNo n = GDS_TRY(store_.intern(ref.id));
    GDS_CHECK(store_.set_unknown(n));
    return store_.set_absent(n, true);
}

}  // namespace gds::run
