#pragma once

#include "gds/base/result.h"
#include "gds/model/run.h"
#include "gds/state/store.h"
#include "work_tables.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace gds::run {

struct PlanningOptions {
    std::vector<std::string> export_formats;
    bool delete_unmanaged = true;
    bool in_doubt = false;      ///< only new and changed files of folders that `listed` vouches for
    bool retry_parked = false;  ///< try parked items whether they are due or not
    std::int64_t now_ms = 0;
    std::function<Result<bool>(state::ItemNo folder)> listed;
};

/// Turns wanted, entry, drift and stray into the table `action`, in the order of phases: skips,
/// folders, renames, downloads, deletes, empty folders. Touches nothing else.
class Planning {
public:
    Planning(state::Store& store, PlanningOptions options);

    Status run();

    [[nodiscard]] std::int64_t unchanged() const { return unchanged_; }

private:
    struct Row {
        WantedNo n = 0;
        WantedNo parent = 0;
        state::ItemNo item = 0;
        state::Via via = 0;
        std::string name;
        state::EntryNo entry = 0;
    };
    struct Location {
        std::string path;
        state::EntryNo place = -1;  ///< the folder's entry; -1: not made yet
        state::ItemNo item = 0;
    };

    static Row row_of(const state::Query& query);

    Status plan();
    Status skips();
    Status folders();
    Status renames();
    Status downloads();
    Status download(const Row& row, const model::Item& item);
    Status deletes();
    Status stray_deletes();
    Status empty_folders();
    Status hold_kept_strays();

    Result<bool> moved(const Row& row, std::string& from);
    Result<std::string> drift_of(state::EntryNo entry);
    Result<Location> location(WantedNo wanted);
    Result<std::string> place_path(std::int64_t place);
    Result<std::string> wanted_path(const Row& row);
    /// Files that downloads() passed over.
    Result<std::int64_t> count_current();
    /// What is brought up to date; or that, and what only moves along. Rows that rest are left out.
    enum class Which { mirrored, moving };
    Status for_each_wanted(bool folder, Which which, const std::function<Status(const Row&)>& each);
    /// Files to be mirrored that do not rest as they should be, with their items.
    Status for_each_file(const std::function<Status(const Row&, const model::Item&)>& each);
    Status add(const model::Action& action, WantedNo wanted, state::EntryNo entry, StrayNo stray,
               const std::string& checksum = {});

    state::Store& store_;
    PlanningOptions options_;
    std::int64_t unchanged_ = 0;
    // The last folder asked for: wanted rows come folder by folder.
    WantedNo cached_wanted_ = -1;
    Location cached_;
    std::int64_t cached_place_ = 0;
    std::string cached_place_path_;
};

/// Whether the source asks for what is recorded here, be it elsewhere.
Result<bool> is_wanted_entry(state::Store& store, state::EntryNo entry);
/// Whether the source asks for a file at this path.
Result<bool> is_wanted_file(state::Store& store, state::EntryNo parent, const std::string& name);
/// Numbers of the plan by kind: of everything planned, or of what was done.
enum class Counted { planned, done };
Result<model::Counts> count_actions(state::Store& store, Counted which = Counted::planned);
/// Every action in plan order.
model::ActionSource action_source(state::Store& store);
enum class Deletes : std::uint8_t { all, left };
/// The id of the plan's set of deletes, or of what is left to do of it; "" where there are none.
Result<std::string> delete_plan_id(state::Store& store, Deletes which = Deletes::all);

}  // namespace gds::run
