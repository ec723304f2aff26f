#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/state/store.h"
#include "number_set.h"

#include <utility>
#include <vector>

namespace gds::run {

/// The source and the folders above it, as far as they are recorded: a shortcut that leads to one
/// of them is a loop.
Result<NumberSet> source_and_above(state::Store& store, state::ItemNo source);

/// The folders above what shortcuts lead to, up to the source or to the last one in sight. Where
/// one goes to the trash, so does all that lies in it, and Drive tells of the folder alone.
class AboveTargets {
public:
    /// As the table `item` has them. `source`: what lies above it is not looked at.
    static Result<AboveTargets> read(state::Store& store, state::ItemNo source);

    [[nodiscard]] bool has(state::ItemNo folder) const { return folders_.has(folder); }
    /// Nothing is missing: no other folder holds a target.
    [[nodiscard]] bool are_whole() const { return whole_; }
    [[nodiscard]] const std::vector<state::ItemNo>& list() const { return list_; }

private:
    NumberSet folders_;
    std::vector<state::ItemNo> list_;
    bool whole_ = true;
};

/// An item that was asked for by id, and what Drive answered.
using ItemAnswer = std::pair<drive::Ref, Result<model::Item>>;
/// All at once. Error: one that ends the run.
Result<std::vector<ItemAnswer>> ask_by_id(http::Engine& engine, drive::Api& api,
                                          const std::vector<drive::Ref>& refs);

/// Targets out of sight: one may come into sight together with a folder above it, of which alone
/// Drive tells.
Result<std::vector<drive::Ref>> lost_targets(state::Store& store);

}  // namespace gds::run
