#include "feed.h"

#include "gds/base/log.h"
#include "terms.h"

#include <utility>

namespace gds::run {

using model::ItemKind;
using state::ItemNo;

namespace {

/// Nobody has reported more than a handful of empty pages in a row.
constexpr int kMaxEmptyPages = 1000;

}  // namespace

Feed::Feed(state::Store& store, drive::Api& api, Snapshot& snapshot, std::set<std::string> path_ids,
           std::set<std::string> path_names, std::function<void(std::int64_t)> progress)
    : store_(store),
      api_(api),
      snapshot_(snapshot),
      path_ids_(std::move(path_ids)),
      path_names_(std::move(path_names)),
      progress_(std::move(progress)) {}

Result<FeedNews> Feed::follow(const std::string& token) {
    news_ = {};
    GDS_CHECK(find_shortcuts());
    std::set<std::string> read;
    int empty_pages = 0;
    std::string next = token;
    while (news_.token.empty()) {
        if (!read.insert(next).second || empty_pages > kMaxEmptyPages) {
            return error(Code::incomplete, "the change feed does not come to its end");
        }
        const drive::ChangePage page = GDS_TRY(api_.changes(next));
        GDS_CHECK(take_page(page));
        empty_pages = page.changes.empty() ? empty_pages + 1 : 0;
        next = page.next_page_token;
        news_.token = page.next_page_token.empty() ? page.new_start_page_token : "";
        if (next.empty() && news_.token.empty()) {
            return error(Code::bad_response, "the change feed's last page has no new token");
        }
    }
    return news_;
}

Status Feed::take_page(const drive::ChangePage& page) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    for (const drive::Change& change : page.changes) {
        GDS_CHECK(take(change));
    }
    if (news_.any) {
        GDS_CHECK(store_.set_meta(kSettled, ""));
    }
    if (news_.unreadable.empty()) {
        news_.unreadable = page.unreadable;
    }
    if (news_.asks_for_listing()) {
        // Told once only: a run that does not come to its end has to look again.
        GDS_CHECK(store_.set_meta(kFeedToken, ""));
    }
    GDS_CHECK(transaction.commit());
    news_.entries += static_cast<std::int64_t>(page.changes.size());
    news_.entries += page.unreadable.empty() ? 0 : 1;
    entries_ += static_cast<std::int64_t>(page.changes.size());
    if (progress_) {
        progress_(entries_);
    }
    return {};
}

Status Feed::take(const drive::Change& change) {
    if (change.id.empty()) {
        return {};  // of a shared drive itself: the root is asked for in every run
    }
    const ItemNo known = GDS_TRY(store_.find(change.id));
    const bool on_path = path_ids_.count(change.id) != 0;
    if (change.removed || !change.item) {
        news_.path = news_.path || on_path;
        return known == 0 ? untold() : forget(known);
    }
    if (known != 0) {
        GDS_CHECK(snapshot_.shifts(known, change.item->trashed ? "" : change.item->parent));
    }
    const model::Item& item = *change.item;
    const bool leads_on = item.kind == ItemKind::folder || item.kind == ItemKind::shortcut;
    news_.path = news_.path || (leads_on && path_names_.count(item.name) != 0);
    if (known == 0) {
        news_.path = news_.path || on_path;
        const ItemNo parent = item.trashed ? 0 : GDS_TRY(store_.find(item.parent));
        const bool inside = parent != 0 && GDS_TRY(snapshot_.listed(parent));
        if (!inside) {
            if (!item.trashed) {
                snapshot_.told_early(item);
            }
            return item.kind == ItemKind::folder ? untold() : Status();
        }
    } else {
        const bool turning = GDS_TRY(is_turning(known, item));
        news_.above_targets = news_.above_targets || (turning && has_shortcuts_);
    }
    return record(item);
}

Status Feed::find_shortcuts() {
    state::Query query(store_.db(), "SELECT 1 FROM item WHERE target IS NOT NULL LIMIT 1");
    has_shortcuts_ = GDS_TRY(query.next());
    leads_outside_.reset();
    return {};
}

/// A folder of which nothing is known came or went, or may have been one.
Status Feed::untold() {
    if (!news_.above_targets && has_shortcuts_) {
        if (!leads_outside_) {
            leads_outside_ = GDS_TRY(leads_outside());
        }
        news_.above_targets = *leads_outside_;
    }
    return {};
}

/// Some shortcut leads to what lies in no folder that is listed: only below such folders can a
/// target be of which the feed tells nothing.
Result<bool> Feed::leads_outside() {
    state::Query query(store_.db(),
                       "SELECT DISTINCT coalesce(t.parent, 0) FROM item s"
                       " JOIN item t ON t.n = s.target");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        const ItemNo parent = row ? query.integer(0) : 0;
        if (!row || parent == 0 || !GDS_TRY(snapshot_.listed(parent))) {
            return row;
        }
    }
}

Result<bool> Feed::is_turning(ItemNo known, const model::Item& item) {
    const state::Store::Standing standing = GDS_TRY(store_.standing(known));
    return item.kind == ItemKind::folder &&
           (!standing.known || standing.absent || standing.trashed != item.trashed);
}

/// Lost from sight, which may mean deleted: whoever wants to delete its copy has to ask.
Status Feed::forget(ItemNo item) {
    const state::Store::Standing standing = GDS_TRY(store_.standing(item));
    news_.any = news_.any || (standing.known && !standing.absent);
    news_.above_targets = news_.above_targets || (has_shortcuts_ && standing.folder);
    if (!standing.known) {
        GDS_CHECK(untold());  // a folder above a target, perhaps
    }
    GDS_CHECK(snapshot_.shifts(item, ""));
    GDS_CHECK(store_.set_absent(item, true));
    return snapshot_.lost(item);
}

Status Feed::record(const model::Item& item) {
    const state::Store::Upserted recorded = GDS_TRY(store_.upsert(item));
    news_.path = news_.path || (recorded.changed && path_ids_.count(item.id) != 0);
    news_.any = news_.any || recorded.changed;
    return snapshot_.told(recorded.n, item);
}

}  // namespace gds::run
