#include "snapshot.h"

#include <utility>

// What the lists, which may lag behind the feed, show otherwise than it told, or not at all: the
// item itself is asked for by id, and that answer stands.

namespace gds::run {

using state::ItemNo;

namespace {

/// Most are of folders that nobody mirrors, and never asked for.
constexpr std::size_t kMaxEarly = 1'000;

}  // namespace

void Snapshot::told_early(const model::Item& state) {
    if (news_.early_count < kMaxEarly) {
        news_.early[state.parent].push_back(drive::ref_of(state));
        ++news_.early_count;
    }
}

Result<bool> Snapshot::ask_again() {
    bool more = !news_.answers.empty();
    for (const model::Item& answer : std::exchange(news_.answers, {})) {
        GDS_CHECK(take_answer(answer));
    }
    for (ItemNo n = news_.told.next(1); n != 0; n = news_.told.next(n + 1)) {
        if (!news_.asked.has(n) && GDS_TRY(contradicts(n))) {
            const auto known = GDS_TRY(store_.item(n));
            GDS_CHECK(want_again(
                n, known ? drive::ref_of(*known) : drive::Ref{GDS_TRY(store_.id_of(n))}));
            more = true;
        }
    }
    return more;
}

/// What the lists show of it is not what the feed told.
Result<bool> Snapshot::contradicts(ItemNo item) {
    if (item == root_) {
        return false;
    }
    if (news_.differ.has(item) || seen_.has(item)) {
        return news_.differ.has(item);
    }
    const state::Store::Standing standing = GDS_TRY(store_.standing(item));
    const bool was_listed =
        listed_.has(standing.parent) || (everything_listed_ && seen_.has(standing.parent));
    return standing.known && !standing.absent && !standing.trashed && was_listed;
}

Status Snapshot::want_again(ItemNo item, const drive::Ref& ref) {
    news_.asked.add(item);
    lister_.forget(ref.id);  // it may have been asked for as what a shortcut leads to, before
    lister_.want_item(ref);
    return {};
}

/// The folder is listed: its list should have shown them.
Status Snapshot::ask_for_early(const std::string& folder) {
    const auto told = news_.early.find(folder);
    if (told == news_.early.end()) {
        return {};
    }
    for (const drive::Ref& ref : told->second) {
        const ItemNo n = GDS_TRY(store_.intern(ref.id));
        if (!seen_.has(n) && !news_.asked.has(n)) {
            GDS_CHECK(want_again(n, ref));
        }
    }
    news_.early.erase(told);
    return {};
}

/// A flat list of the drive has every folder in it.
Status Snapshot::ask_for_all_early() {
    std::vector<std::string> folders;
    for (const auto& [folder, refs] : news_.early) {
        if (seen_.has(GDS_TRY(store_.find(folder)))) {
            folders.push_back(folder);
        }
    }
    for (const std::string& folder : folders) {
        GDS_CHECK(ask_for_early(folder));
    }
    return {};
}

/// Once the lists are read to their ends, or it would not be known what it lies in.
Status Snapshot::take_answer(const model::Item& answer) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    const ItemNo item = GDS_TRY(store_.intern(answer.id));
    const ItemNo parent = GDS_TRY(store_.find(answer.parent));
    const bool inside = parent != 0 && GDS_TRY(listed(parent));
    const state::Store::Standing before = GDS_TRY(store_.standing(item));
    if (before.known || inside) {
        GDS_CHECK(store_.upsert(answer));
        GDS_CHECK(place(item, answer));
    }
    return transaction.commit();
}

}  // namespace gds::run
