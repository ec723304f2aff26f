#include "feed.h"

#include "gds/base/log.h"
#include "terms.h"

#include <algorithm>
#include <utility>

namespace gds::run {

using model::ItemKind;
using state::ItemNo;

namespace {

/// Nobody has reported more than a handful of empty pages in a row.
constexpr int kMaxEmptyPages = 1000;

}  // namespace

Feed::Feed(state::Store& store, http::Engine& engine, drive::Api& api, Snapshot& snapshot,
           Place place, std::function<void(std::int64_t)> progress)
    : store_(store),
      engine_(engine),
      api_(api),
      snapshot_(snapshot),
      place_(std::move(place)),
      progress_(std::move(progress)) {}

Result<FeedNews> Feed::follow(const std::string& token) {
    news_ = {};
    above_is_new_ = GDS_TRY(store_.number(kAboveIsNew));
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
    GDS_CHECK(ask_for_lost_targets());
    if (!news_.above_targets) {
        GDS_CHECK(store_.set_meta(kAboveIsNew, ""));
    }
    return news_;
}

Status Feed::take_page(const drive::ChangePage& page) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    turned_.clear();
    strangers_.clear();
    untold_ = false;
    came_ = false;
    for (const drive::Change& change : page.changes) {
        GDS_CHECK(take(change));
    }
    GDS_CHECK(judge_folders());
    if (came_ && !GDS_TRY(lost_targets(store_)).empty()) {
        GDS_CHECK(store_.set_meta(kFolderCame, "1"));
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
        came_ = true;
        return {};  // of a shared drive itself: the root is asked for in every run
    }
    const ItemNo known = GDS_TRY(store_.find(change.id));
    const bool on_path = place_.path_ids.count(change.id) != 0;
    if (change.removed || !change.item) {
        news_.path = news_.path || on_path;
        untold_ = untold_ || known == 0;
        return known == 0 ? Status() : forget(known);
    }
    if (known != 0) {
        GDS_CHECK(snapshot_.shifts(known, change.item->trashed ? "" : change.item->parent));
    }
    const model::Item& item = *change.item;
    const bool leads_on = item.kind == ItemKind::folder || item.kind == ItemKind::shortcut;
    news_.path = news_.path || (leads_on && place_.path_names.count(item.name) != 0);
    const bool folder = item.kind == ItemKind::folder;
    if (known == 0) {
        news_.path = news_.path || on_path;
        came_ = came_ || (folder && !item.trashed);
        const ItemNo parent = item.trashed ? 0 : GDS_TRY(store_.find(item.parent));
        const bool inside = parent != 0 && GDS_TRY(snapshot_.listed(parent));
        if (!inside) {
            if (!item.trashed) {
                snapshot_.told_early(item);
            }
            if (folder) {
                strangers_.push_back(item);
            }
            return {};
        }
    } else if (folder) {
        const bool turning = GDS_TRY(is_turning(known, item));
        came_ = came_ || (turning && !item.trashed);
        if (turning || above_is_new_ > 0) {
            turned_.push_back(known);
        }
    }
    return record(item);
}

/// Once the page is recorded: whether a target may have come or gone together with a folder.
Status Feed::judge_folders() {
    if (turned_.empty() && strangers_.empty() && !untold_) {
        return {};
    }
    const AboveTargets above = GDS_TRY(know_strangers());
    const bool turned = std::any_of(turned_.begin(), turned_.end(),
                                    [&](ItemNo folder) { return above.has(folder); });
    const bool any = untold_ || !strangers_.empty() || !turned_.empty();
    const bool whole = above.are_whole() && above_is_new_ < 2;
    news_.above_targets = news_.above_targets || turned || (any && !whole);
    return {};
}

/// What lies in a folder that is new came there on the same page, perhaps.
Result<AboveTargets> Feed::know_strangers() {
    const ItemNo source = GDS_TRY(store_.find(place_.id));
    for (;;) {
        AboveTargets above = GDS_TRY(AboveTargets::read(store_, source));
        const std::size_t before = strangers_.size();
        for (std::size_t i = before; i-- > 0;) {
            const ItemNo folder = GDS_TRY(store_.find(strangers_[i].id));
            if (folder != 0 && above.has(folder)) {
                GDS_CHECK(store_.upsert(strangers_[i]));
                if (strangers_[i].trashed) {
                    turned_.push_back(folder);
                }
                strangers_.erase(strangers_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        if (strangers_.size() == before) {
            return above;
        }
    }
}

/// What has no known folder above it may have come into sight together with one.
Status Feed::ask_for_lost_targets() {
    if (GDS_TRY(store_.meta(kFolderCame)).empty()) {
        return {};
    }
    const std::vector<drive::Ref> lost = GDS_TRY(lost_targets(store_));
    const std::vector<ItemAnswer> answers = GDS_TRY(ask_by_id(engine_, api_, lost));
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    for (const auto& [ref, item] : answers) {
        if (item || !drive::is_out_of_sight(item.error())) {
            GDS_CHECK(snapshot_.look_again(GDS_TRY(store_.intern(ref.id))));
            GDS_CHECK(store_.set_meta(kSettled, ""));
            news_.any = true;
        }
    }
    GDS_CHECK(store_.set_meta(kFolderCame, ""));
    return transaction.commit();
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
    if (standing.folder || !standing.known) {
        turned_.push_back(item);
    }
    GDS_CHECK(snapshot_.shifts(item, ""));
    GDS_CHECK(store_.set_absent(item, true));
    return snapshot_.lost(item);
}

Status Feed::record(const model::Item& item) {
    const state::Store::Upserted recorded = GDS_TRY(store_.upsert(item));
    news_.path = news_.path || (recorded.changed && place_.path_ids.count(item.id) != 0);
    news_.any = news_.any || recorded.changed;
    if (recorded.changed && item.kind == ItemKind::shortcut) {
        GDS_CHECK(look_for_target(item));
    }
    return snapshot_.told(recorded.n, item);
}

/// It may have come into sight while no shortcut led to it.
Status Feed::look_for_target(const model::Item& shortcut) {
    const ItemNo target = GDS_TRY(store_.find(shortcut.target_id));
    const state::Store::Standing standing = GDS_TRY(store_.standing(target));
    return standing.absent && !standing.known ? snapshot_.look_again(target) : Status();
}

}  // namespace gds::run
