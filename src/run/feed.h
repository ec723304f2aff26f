#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/http/engine.h"
#include "gds/state/store.h"
#include "snapshot.h"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace gds::run {

/// What the change feed brought.
struct FeedNews {
    std::string token;  ///< where it goes on next time
    bool any = false;   ///< something of the recorded items changed
    bool path = false;  ///< something that the source's path leads through may have changed
    std::optional<Error> doubt = {};  ///< what is said to be removed and could not be asked for
};

/// Reads Drive's change feed to its last page and brings the table `item` up to date. An entry is
/// an item's present state, and a child may come before its parent: what concerns a folder that is
/// new is left to the listing of that folder. `removed` also means lost access, so that each one is
/// asked for by id (Drive guide "Track changes").
class Feed {
public:
    /// `path_ids` and `path_names`: what the source's path leads through.
    Feed(state::Store& store, http::Engine& engine, drive::Api& api, Snapshot& snapshot,
         std::set<std::string> path_ids, std::set<std::string> path_names,
         std::function<void(std::int64_t entries)> progress);

    /// Error: what Drive answered; see rejects_page_token.
    Result<FeedNews> follow(const std::string& token);

private:
    Status take_page(const drive::ChangePage& page);
    Status take(const drive::Change& change);
    Status record(const model::Item& item);
    Status confirm_removed();
    Status settle_removed(state::ItemNo item, const Result<model::Item>& answer);

    state::Store& store_;
    http::Engine& engine_;
    drive::Api& api_;
    Snapshot& snapshot_;
    std::set<std::string> path_ids_, path_names_;
    std::function<void(std::int64_t)> progress_;
    FeedNews news_;
    std::set<state::ItemNo> removed_;
    std::int64_t entries_ = 0;
};

}  // namespace gds::run
