#include "snapshot.h"

#include <utility>

// How a full listing takes what a flat listing of the account showed, in place of the folders' own
// lists, and when it does not.
//
// Drive's corpus "user" is what the account created, opened or was given itself. What somebody else
// put into a folder of ours may be missing from it, and nothing says so. So it is believed only of
// folders that are ours and that nobody else has access to; every other folder is asked for its
// children as well. What it shows must besides agree with the folders that were asked meanwhile and
// with what was known before, and nothing may have changed in the account while it was read, since
// what comes and goes shifts the pages. Where any of that fails, the folders are asked after all.

namespace gds::run {

using state::ItemNo;

Result<bool> Snapshot::corpus_tells(const model::Item& folder) {
    if (!may_use_corpus_ || !folder.owned_by_me || folder.shared) {
        return false;
    }
    // It is no longer shared, but what others left in it is still there.
    return !GDS_TRY(store_.holds_others(GDS_TRY(store_.intern(folder.id))));
}

Status Snapshot::corpus_items(const std::vector<model::Item>& page) {
    corpus_unfinished_ = true;
    return corpus_.add(page);
}

Status Snapshot::corpus_complete(const std::vector<drive::Ref>& folders) {
    corpus_unfinished_ = false;
    corpus_fell_short_ = !GDS_TRY(corpus_.complete()) || GDS_TRY(corpus_lacks());
    if (corpus_fell_short_) {
        for (const drive::Ref& folder : folders) {
            lister_.want_folder(folder);
        }
        return {};
    }
    corpus_known_ = true;
    by_corpus_ = true;
    // The first one is to be the first to be taken from the end: rows that are recorded in the
    // order of their ids, as they mostly come, fill the database's pages better.
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
        walk_.push_back(folder->id);
    }
    return walk();
}

/// Take the children of the folders that are to be told by the corpus, and of those below them.
Status Snapshot::walk() {
    while (!walk_.empty()) {
        const std::string folder = std::move(walk_.back());
        walk_.pop_back();
        const ItemNo n = GDS_TRY(store_.intern(folder));
        if (listed_.has(n)) {
            continue;
        }
        listed_.add(n);
        told_.add(n);
        GDS_CHECK(corpus_.for_each_child(folder, [&](const std::vector<model::Item>& children) {
            return take(folder, children, false);
        }));
        GDS_CHECK(ask_for_early(folder));
        const bool others = GDS_TRY(store_.holds_others(n));
        if (others) {
            GDS_CHECK(ask(n));  // there may be more that the account never opened
        }
    }
    return {};
}

/// An item of ours that a folder's own list showed is not where the corpus has it: nothing can be
/// concluded from the corpus then.
Result<bool> Snapshot::corpus_lacks() {
    for (ItemNo n = shown_by_folder_.next(1); n != 0; n = shown_by_folder_.next(n + 1)) {
        const bool lacking = GDS_TRY(corpus_.lacks(n));
        if (lacking) {
            return true;
        }
    }
    return false;
}

/// Have a folder that the corpus told listed by itself; until then it is not listed.
Status Snapshot::ask(ItemNo folder) {
    const auto item = GDS_TRY(store_.item(folder));
    if (!item) {
        return error(Code::internal, "a folder without its item");
    }
    listed_.remove(folder);
    told_.remove(folder);
    lister_.want_folder(drive::ref_of(*item));
    return {};
}

/// What was there before and is missing now is gone, or the corpus does not show it: ask for the
/// folders it lay in, rather than find out when its copy is to be deleted.
Status Snapshot::ask_after_missing() {
    std::vector<ItemNo> folders;
    GDS_CHECK(store_.revise([&](ItemNo n, state::Store::Standing& standing) {
        const bool missing = standing.known && !standing.absent && !standing.trashed &&
                             !seen_.has(n) && told_.has(standing.parent);
        if (missing) {
            folders.push_back(standing.parent);
        }
    }));
    for (const ItemNo folder : folders) {
        if (told_.has(folder)) {
            GDS_CHECK(ask(folder));
        }
    }
    return {};
}

/// Every folder that the corpus told is asked for its children after all.
Status Snapshot::ask_all() {
    corpus_known_ = false;
    by_corpus_ = false;
    std::vector<ItemNo> folders;
    GDS_CHECK(store_.revise([&](ItemNo n, state::Store::Standing&) {
        if (told_.has(n)) {
            folders.push_back(n);
        }
    }));
    for (const ItemNo folder : folders) {
        GDS_CHECK(ask(folder));
    }
    return {};
}

Status Snapshot::finish_corpus(drive::ListingResult& result) {
    if (corpus_known_) {
        GDS_CHECK(ask_after_missing());
        GDS_CHECK(list_more(result));
        corpus_fell_short_ = GDS_TRY(corpus_lacks());
    }
    if (corpus_known_ && corpus_fell_short_) {
        GDS_CHECK(ask_all());
        GDS_CHECK(list_more(result));
    }
    // What comes later, such as what the feed tells, is newer than the corpus.
    corpus_known_ = false;
    return std::exchange(may_use_corpus_, false) ? corpus_.clear() : Status();
}

Result<drive::ListingResult> Snapshot::list_by_folder(const model::Item& root) {
    GDS_CHECK(ask_all());
    return list_wanted(root);
}

}  // namespace gds::run
