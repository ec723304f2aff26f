#pragma once

#include "above_targets.h"
#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/state/store.h"
#include "snapshot.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace gds::run {

/// What the change feed brought.
struct FeedNews {
    std::string token;         ///< where it goes on next time
    std::int64_t entries = 0;  ///< of whatever in the account
    bool any = false;          ///< something of the recorded items changed
    bool path = false;         ///< something that the source's path leads through may have changed
    /// A folder came or went, and shortcuts lead into it, or may: of what lies below it Drive tells
    /// nothing.
    bool above_targets = false;
    std::string unreadable;  ///< what is wrong with an entry that could not be taken; "" mostly

    /// What it tells is not enough to go by.
    [[nodiscard]] bool asks_for_listing() const {
        return path || above_targets || !unreadable.empty();
    }
};

/// Reads Drive's change feed to its last page and brings the table `item` up to date. An entry is
/// an item's present state, and a child may come before its parent: what concerns a folder that is
/// new is left to the listing of that folder. `removed` also means lost access (Drive guide "Track
/// changes"): such an item is absent, and nothing of it is proven.
class Feed {
public:
    /// Where the source is, and what its path leads through.
    struct Place {
        std::string id;
        std::set<std::string> path_ids, path_names;
    };
    Feed(state::Store& store, http::Engine& engine, drive::Api& api, Snapshot& snapshot,
         Place place, std::function<void(std::int64_t entries)> progress);

    /// Error: what Drive answered; see rejects_page_token.
    Result<FeedNews> follow(const std::string& token);

private:
    Status take_page(const drive::ChangePage& page);
    Status take(const drive::Change& change);
    Status record(const model::Item& item);
    Status forget(state::ItemNo item);
    Status judge_folders();
    Result<AboveTargets> know_strangers();
    Status ask_for_lost_targets();
    Status look_for_target(const model::Item& shortcut);
    /// Whether a folder came or went as seen from what was recorded.
    Result<bool> is_turning(state::ItemNo known, const model::Item& item);

    state::Store& store_;
    http::Engine& engine_;
    drive::Api& api_;
    Snapshot& snapshot_;
    Place place_;
    std::function<void(std::int64_t)> progress_;
    FeedNews news_;
    std::int64_t above_is_new_ = 0;  ///< kAboveIsNew
    // Of one page.
    std::vector<state::ItemNo> turned_;   ///< recorded folders that came or went, or may have
    std::vector<model::Item> strangers_;  ///< folders that are not recorded
    bool untold_ = false;                 ///< what is not recorded went, perhaps a folder
    bool came_ = false;                   ///< a folder came into sight, or a shared drive
    std::int64_t entries_ = 0;
};

}  // namespace gds::run
