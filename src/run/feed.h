#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/state/store.h"
#include "snapshot.h"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace gds::run {

/// What the change feed brought.
struct FeedNews {
    std::string token;         ///< where it goes on next time
    std::int64_t entries = 0;  ///< of whatever in the account
    bool any = false;          ///< something of the recorded items changed
    bool path = false;         ///< something that the source's path leads through may have changed
    /// A folder came or went, and shortcuts may lead into it: of what lies below it Drive tells
    /// nothing, and folders above a shortcut's target are not recorded.
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
    /// `path_ids` and `path_names`: what the source's path leads through.
    Feed(state::Store& store, drive::Api& api, Snapshot& snapshot, std::set<std::string> path_ids,
         std::set<std::string> path_names, std::function<void(std::int64_t entries)> progress);

    /// Error: what Drive answered; see rejects_page_token.
    Result<FeedNews> follow(const std::string& token);

private:
    Status take_page(const drive::ChangePage& page);
    Status take(const drive::Change& change);
    Status record(const model::Item& item);
    Status forget(state::ItemNo item);
    Status find_shortcuts();
    Status untold();
    Result<bool> leads_outside();
    /// Whether a folder came or went as seen from what was recorded.
    Result<bool> is_turning(state::ItemNo known, const model::Item& item);

    state::Store& store_;
    drive::Api& api_;
    Snapshot& snapshot_;
    std::set<std::string> path_ids_, path_names_;
    std::function<void(std::int64_t)> progress_;
    FeedNews news_;
    bool has_shortcuts_ = false;
    std::optional<bool> leads_outside_;  ///< once somebody asked
    std::int64_t entries_ = 0;
};

}  // namespace gds::run
