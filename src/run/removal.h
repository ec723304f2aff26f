#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/model/action.h"
#include "gds/state/store.h"
#include "gds/volume/trash.h"
#include "gds/volume/volume.h"
#include "work_tables.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gds::run {

/// As the table `action` has them.
inline std::int64_t number(model::ActionKind kind) {
    return static_cast<std::int64_t>(kind);
}
inline std::int64_t number(model::ActionOutcome outcome) {
    return static_cast<std::int64_t>(outcome);
}

/// Set an action's outcome.
Status set_outcome(state::Store& store, std::int64_t seq, model::ActionOutcome outcome,
                   const std::string& problem = {});
/// All actions from `first` to `last` are done.
Status set_done(state::Store& store, std::int64_t first, std::int64_t last);

/// Carries out a plan's deletes: files into the trash in groups, then empty folders, each group
/// recorded in one transaction.
class Removal {
public:
    /// `allowed` false: deletes are withheld; nothing is ever removed.
    Removal(state::Store& store, const volume::Volume& volume, volume::Trash& trash, bool allowed,
            const Cancel& cancel);

    /// Everything that is planned and not yet done.
    Status run();
    /// Only what lies at or below `path`, since something else is about to land there. False where
    /// deletes are withheld or something there stays. Inside the caller's transaction.
    Result<bool> evict(const std::string& path);
    /// A file has taken this one's place: neither it nor what lay below is there any more.
    Status forget(const state::Entry& gone);
    /// Forget records of files that are gone from both the source and the volume.
    Status forget_vanished();

private:
    struct Victim {
        std::int64_t seq = 0;
        state::EntryNo entry = 0;
        std::string id;
        volume::TrashEntry trash;
    };

    Result<std::string> present_path(state::EntryNo entry, StrayNo stray);
    /// The next planned deletes after `after`, which moves on; those at or below `below` become
    /// victims. False at the end.
    Result<bool> next_victims(std::int64_t& after, const std::string& below,
                              std::vector<Victim>& victims);
    Status remove_files(std::vector<Victim>& victims);
    /// How many went.
    Result<int> remove_folders(const std::string& below);

    state::Store& store_;
    const volume::Volume& volume_;
    volume::Trash& trash_;
    bool allowed_;
    const Cancel& cancel_;
};

}  // namespace gds::run
