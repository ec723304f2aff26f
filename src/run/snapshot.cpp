#include "snapshot.h"

#include "above_targets.h"
#include "gds/tree/names.h"

#include <utility>

namespace gds::run {

using model::ItemKind;
using state::ItemNo;
using state::Query;
using state::Store;

namespace {

constexpr int kMaxDepth = 200;

}  // namespace

Snapshot::Snapshot(Store& store, http::Engine& engine, drive::Api& api, const tree::Filter& filter,
                   std::function<void(std::int64_t)> progress)
    : store_(store),
      engine_(engine),
      api_(api),
      filter_(filter),
      lister_(engine, api, *this),
      progress_(std::move(progress)),
      corpus_(store.db()) {}

Result<drive::ListingResult> Snapshot::list(const model::Item& root, Road road) {
    full_ = true;
    flat_ = road == Road::whole_drive;
    may_use_corpus_ = road == Road::folders_or_corpus;
    drive_id_ = root.drive_id;
    state::Batch batch = GDS_TRY(state::Batch::begin(store_.db()));
    {
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        root_ = GDS_TRY(record(root));
        GDS_CHECK(transaction.commit());
    }
    if (flat_) {
        lister_.want_all();
    } else {
        if (!filter_.empty()) {
            paths_[root.id] = "";
        }
        lister_.want_folder(drive::ref_of(root));
    }
    drive::ListingResult result = GDS_TRY(list_to_the_end(root));
    GDS_CHECK(batch.commit());
    return result;
}

Result<drive::ListingResult> Snapshot::list_wanted(const model::Item& root) {
    wants_more_ = false;
    drive_id_ = root.drive_id;
    state::Batch batch = GDS_TRY(state::Batch::begin(store_.db()));
    drive::ListingResult result =
        full_ ? GDS_TRY(list_to_the_end(root)) : GDS_TRY(list_what_the_feed_left(root));
    GDS_CHECK(batch.commit());
    return result;
}

Result<drive::ListingResult> Snapshot::list_what_the_feed_left(const model::Item& root) {
    drive::ListingResult result = GDS_TRY(lister_.run());
    for (bool more = GDS_TRY(ask_again()); more; more = GDS_TRY(ask_again())) {
        GDS_CHECK(list_more(result));
    }
    if (!linked_folders_.empty() && !ancestors_) {
        GDS_CHECK(record_ancestors(root));
    }
    // The next projection follows the shortcuts and asks for what it finds behind them.
    linked_folders_.clear();
    add_doubt(result);
    in_doubt_ = in_doubt_ || !result.complete;
    return result;
}

void Snapshot::add_doubt(drive::ListingResult& result) const {
    if (ancestors_doubt_) {
        result.doubts.push_back(*ancestors_doubt_);
        result.complete.reset();
    }
}

Result<drive::ListingResult> Snapshot::list_to_the_end(const model::Item& root) {
    drive::ListingResult result = GDS_TRY(lister_.run());
    GDS_CHECK(finish_corpus(result));
    everything_listed_ = everything_listed_ || (flat_ && result.complete.has_value());
    for (bool more = true; more;) {
        // What a shortcut leads to may hold shortcuts of its own.
        GDS_CHECK(descend_linked(root));
        GDS_CHECK(list_targets(result));
        more = !targets_.empty() || !linked_folders_.empty() || GDS_TRY(ask_again());
    }
    add_doubt(result);
    in_doubt_ = in_doubt_ || !result.complete;
    return result;
}

Status Snapshot::list_targets(drive::ListingResult& result) {
    // Targets that the source itself shows cost nothing; only the others are asked for.
    for (const auto& [id, ref] : std::exchange(targets_, {})) {
        const ItemNo n = GDS_TRY(store_.intern(id));
        if (!seen_.has(n)) {
            lister_.want_item(ref);
        }
    }
    return list_more(result);
}

Status Snapshot::list_more(drive::ListingResult& result) {
    drive::ListingResult more = GDS_TRY(lister_.run());
    result.doubts.insert(result.doubts.end(), more.doubts.begin(), more.doubts.end());
    result.complete = result.complete && more.complete ? more.complete : std::nullopt;
    return {};
}

Status Snapshot::descend_linked(const model::Item& root) {
    const std::vector<model::Item> folders = std::exchange(linked_folders_, {});
    if (!folders.empty() && !ancestors_) {
        GDS_CHECK(record_ancestors(root));
    }
    const bool was_flat = std::exchange(flat_, false);
    for (const model::Item& folder : folders) {
        if (!ancestors_unknown() && ancestors_->count(folder.id) == 0) {
            GDS_CHECK(descend(folder, std::nullopt));
        }
    }
    flat_ = was_flat;
    return {};
}

Status Snapshot::record_ancestors(const model::Item& root) {
    ancestors_.emplace();
    std::string above = root.parent;
    while (!above.empty() && ancestors_->insert(above).second && ancestors_->size() < kMaxDepth) {
        const Result<model::Item> folder = api_.get({above});
        if (!folder) {
            // Out of this account's sight, and so are the folders above it.
            if (drive::ends_run(folder.error())) {
                return folder.error();
            }
            if (!drive::is_out_of_sight(folder.error())) {
                ancestors_doubt_ = drive::Doubt{
                    {above}, folder.error().context("looking up a folder above the source")};
            }
            return {};
        }
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        const Store::Upserted recorded = GDS_TRY(store_.upsert(*folder));
        seen_.add(recorded.n);
        GDS_CHECK(transaction.commit());
        above = folder->parent;
    }
    return {};
}

Result<ItemNo> Snapshot::record(const model::Item& item, const state::KnownFolder& folder) {
    const Store::Upserted recorded = GDS_TRY(store_.upsert(item, folder));
    if (recorded.left != 0 && seen_.has(recorded.n)) {
        GDS_CHECK(left(recorded.left));
    }
    seen_.add(recorded.n);
    ++count_;
    foreign_ = foreign_ || item.drive_id != drive_id_;
    if (recorded.changed) {
        surprise(recorded.n);
        if (news_.told.has(recorded.n)) {
            news_.differ.add(recorded.n);
        }
    }
    return recorded.n;
}

void Snapshot::surprise(ItemNo item) {
    if (expecting_ && !surprising_.has(item)) {
        ++surprises_;
        surprising_.add(item);
    }
}

void Snapshot::forget_surprise(ItemNo item) {
    surprises_ -= surprising_.has(item) ? 1 : 0;
    surprising_.remove(item);
}

Status Snapshot::descend(const model::Item& folder, const FilterPath& parent) {
    if (flat_) {
        return {};
    }
    if (!full_) {
        const ItemNo n = GDS_TRY(store_.intern(folder.id));
        const bool known = GDS_TRY(listed(n));
        if (known) {
            return {};
        }
    }
    if (!filter_.empty()) {
        FilterPath path;
        if (parent) {
            const std::string name = tree::shorten_name(tree::encode_name(folder.name), folder.id);
            path = join_path(*parent, name);
            if (!filter_.includes_dir(*path)) {
                return {};
            }
        }
        paths_[folder.id] = path;
    }
    const bool told = GDS_TRY(corpus_tells(folder));
    if (!told) {
        lister_.want_folder(drive::ref_of(folder));
    } else if (!corpus_known_) {
        lister_.want_folder_or_corpus(drive::ref_of(folder));
    } else if (!lister_.wants(folder.id)) {
        walk_.push_back(folder.id);
    }
    return {};
}

Status Snapshot::items(const std::string& folder, const std::vector<model::Item>& page) {
    bool several = false;
    if (folder.empty()) {
        several = ++pages_.of_all > 1;
    } else {
        const ItemNo n = GDS_TRY(store_.intern(folder));
        several = pages_.begun.has(n);
        (several ? pages_.several : pages_.begun).add(n);
    }
    pages_.taken = pages_.taken || several;
    pages_.anew = pages_.anew || several;
    GDS_CHECK(take(folder, page, may_use_corpus_));
    return walk();
}

Status Snapshot::take(const std::string& folder, const std::vector<model::Item>& page,
                      bool by_itself) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    const auto known = paths_.find(folder);
    const FilterPath path = known == paths_.end() ? std::nullopt : known->second;
    const state::KnownFolder parent{folder, GDS_TRY(store_.intern(folder))};
    for (const model::Item& item : page) {
        const ItemNo n = GDS_TRY(record(item, parent));
        if (by_itself && item.owned_by_me) {
            shown_by_folder_.add(n);
        }
        if (item.kind == ItemKind::folder) {
            GDS_CHECK(descend(item, path));
        } else if (full_ && item.kind == ItemKind::shortcut && !item.target_id.empty()) {
            targets_[item.target_id] = drive::target_of(item);
        }
    }
    GDS_CHECK(transaction.commit());
    if (progress_) {
        progress_(count_);
    }
    return {};
}

Status Snapshot::folder_complete(const std::string& folder) {
    if (folder.empty()) {
        return ask_for_all_early();
    }
    const ItemNo n = GDS_TRY(store_.intern(folder));
    listed_.add(n);
    GDS_CHECK(ask_for_early(folder));
    if (pages_.several.has(n) && pages_.left.has(n)) {
        GDS_CHECK(list_once_more(n));
    }
    if (full_) {
        return {};
    }
    // What an earlier run knew of it and this list did not show.
    std::vector<ItemNo> children;
    Query query(store_.db(), "SELECT n FROM item WHERE parent = ?", n);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            break;
        }
        children.push_back(query.integer(0));
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    for (const ItemNo child : children) {
        if (!seen_.has(child) && !news_.told.has(child)) {
            GDS_CHECK(store_.set_absent(child, true));
        }
    }
    GDS_CHECK(store_.set_listed(n, true));
    return transaction.commit();
}

Status Snapshot::item(const drive::Ref& ref, const Result<model::Item>& result) {
    const ItemNo number = GDS_TRY(store_.intern(ref.id));
    if (news_.asked.has(number) && result) {
        news_.answers.push_back(*result);
        return {};
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    if (!result) {
        const bool gone = drive::proves_absence(result.error());
        if (gone) {
            // Asked for once more only where the feed tells of it, or of a folder that came.
            GDS_CHECK(store_.set_unknown(number));
            asked_.add(number);
            proven_.add(number);
        }
        if (drive::is_out_of_sight(result.error())) {
            GDS_CHECK(store_.set_absent(number, true));
            forget_surprise(number);
            seen_.remove(number);
        }
        return transaction.commit();
    }
    model::Item item = *result;
    if (item.resource_key.empty()) {
        item.resource_key = ref.resource_key;
    }
    if (item.trashed) {
        GDS_CHECK(store_.upsert(item));
        return transaction.commit();
    }
    GDS_CHECK(record(item));
    GDS_CHECK(transaction.commit());
    if (item.kind == ItemKind::folder) {
        linked_folders_.push_back(std::move(item));
    }
    return {};
}

bool Snapshot::saw(ItemNo item) const {
    return full_ ? seen_.has(item) : met_.has(item);
}

Result<bool> Snapshot::knows(ItemNo item) {
    const Store::Standing standing = GDS_TRY(store_.standing(item));
    return full_ ? seen_.has(item) : standing.known && !standing.absent;
}

Result<bool> Snapshot::listed(ItemNo folder) {
    if (listed_.has(folder) || everything_listed_) {
        return true;
    }
    if (full_) {
        return false;
    }
    const Store::Standing standing = GDS_TRY(store_.standing(folder));
    return standing.listed;
}

Result<bool> Snapshot::current(ItemNo item, ItemNo folder) {
    if (!full_ || seen_.has(item)) {
        return true;
    }
    return in_doubt_ && !GDS_TRY(listed(folder));
}

Result<ItemNo> Snapshot::unproven(ItemNo item) {
    if (full_) {
        return seen_.has(item) || proven_.has(item) ? 0 : item;
    }
    ItemNo at = item;
    for (int level = 0; level < kMaxDepth; ++level) {
        if (proven_.has(at)) {
            return 0;
        }
        // What a shortcut leads to is met there, even where it is lost from sight.
        const Store::Standing standing = GDS_TRY(store_.standing(at));
        if (standing.absent) {
            return at;
        }
        if (met_.has(at)) {
            return 0;
        }
        if (standing.trashed || !standing.known || standing.parent == 0) {
            return 0;  // a change record said that it went to the trash, or to somewhere else
        }
        at = standing.parent;
    }
    return item;
}

Status Snapshot::expands(ItemNo folder, const FilterPath& path) {
    expanded_.add(folder);
    met_.add(folder);
    if (wanted_.has(folder) || (full_ && in_doubt_) || GDS_TRY(listed(folder))) {
        return {};
    }
    const auto item = GDS_TRY(store_.item(folder));
    if (!item) {
        return error(Code::internal, "a folder without its item");
    }
    if (full_ && lister_.wants(item->id)) {
        return {};
    }
    // In a full listing it is one that a filter left out, and a shortcut leads to after all.
    wanted_.add(folder);
    wants_more_ = true;
    if (!filter_.empty()) {
        paths_[item->id] = path;
    }
    lister_.want_folder(drive::ref_of(*item));
    return {};
}

Status Snapshot::follows(const model::Item& shortcut, ItemNo target) {
    meets(target);
    if (full_ || target == 0 || asked_.has(target)) {
        return {};
    }
    // One that is known and out of sight may be back, and unknown and out of sight is what was
    // asked for in vain.
    const Store::Standing standing = GDS_TRY(store_.standing(target));
    const bool lost = standing.known && standing.absent && !standing.trashed;
    if (!lost && (standing.known || standing.absent)) {
        return {};
    }
    asked_.add(target);
    wants_more_ = true;
    lister_.want_item(drive::target_of(shortcut));
    return {};
}

void Snapshot::forget_projection() {
    met_ = {};
    expanded_ = {};
}

Status Snapshot::settle(ItemNo root) {
    NumberSet kept = GDS_TRY(source_and_above(store_, root));
    const NumberSet present = GDS_TRY(present_above_targets(root));
    GDS_CHECK(store_.revise([&](ItemNo n, Store::Standing& standing) {
        if (full_) {
            const bool lost = standing.known && !standing.absent && !standing.trashed &&
                              !seen_.has(n) && !kept.has(n);
            if (lost && !proven_.has(n) && met_.has(standing.parent)) {
                surprise(n);
            } else if (!met_.has(n)) {
                forget_surprise(n);  // nobody wants it, so that its changes were not followed
            }
            // Of what nobody asked for it is not known.
            const bool asked = standing.known || standing.absent || asked_.has(n);
            // What was shown and not met went with its folder, or nobody wants it.
            const bool there = seen_.has(n) && met_.has(n);
            standing.absent = asked && !there && !kept.has(n);
            standing.listed = everything_listed_ || listed_.has(n);
        } else if (standing.known) {
            // Where it went to, its changes are of no interest: it has to be asked for again.
            standing.absent = standing.absent || (!met_.has(n) && !kept.has(n));
        }
        standing.listed = standing.listed && standing.folder && expanded_.has(n);
    }));
    // By now it is recorded which shortcuts are there.
    for (const ItemNo folder : GDS_TRY(store_.folders_above_targets(root))) {
        if (present.has(folder)) {
            kept.add(folder);
            GDS_CHECK(store_.set_absent(folder, false));
        }
    }
    return store_.forget_items(
        [&](ItemNo n) { return kept.has(n) || met_.has(n) || (full_ && seen_.has(n)); });
}

}  // namespace gds::run
