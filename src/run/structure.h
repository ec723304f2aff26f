#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/state/store.h"
#include "gds/volume/trash.h"
#include "gds/volume/volume.h"
#include "removal.h"
#include "work_tables.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gds::run {

/// Carries out a plan's folders and renames. Folders go in the order their places become free (a
/// cycle is broken by an exchange, or through staging); files whose path another file takes over
/// are linked into staging first, so that every path holds a whole file at every instant.
class Structure {
public:
    Structure(state::Store& store, const volume::Volume& volume, volume::Trash& trash,
              Removal& removal, unsigned dir_mode, const Cancel& cancel);

    /// Error: the destination's or the database's. What one action cannot do is that action's
    /// outcome.
    Status run();

private:
    struct Step {
        std::int64_t seq = 0;
        WantedNo wanted = 0;
        state::EntryNo entry = 0;
        bool make = false;
        bool done = false;
        std::string staged;  ///< where a member of a cycle waits
    };
    struct Target {
        state::EntryNo place = 0;
        std::string name;
        std::string path;
    };

    Result<std::vector<Step>> load(bool folders);
    Status run_folders(std::vector<Step>& steps);
    Result<bool> try_folder(Step& step, std::vector<Step>& steps);
    Result<bool> make_folder(Step& step, const Target& target);
    Result<bool> move_folder(Step& step, const Target& target);
    Result<bool> is_waited_for(const Step& step, const std::vector<Step>& steps);
    Result<bool> break_cycle(std::vector<Step>& steps);
    Result<bool> try_exchange(Step& step, std::vector<Step>& steps);
    Status secure_files(std::vector<Step>& steps);
    Status move_file(Step& step);
    Status move_out_and_land(Step& step, const Target& target, const std::string& source);
    Status land_file(Step& step, const Target& target, const std::string& source);

    Result<std::optional<Target>> target_of(const Step& step);
    Status check_type(const std::string& path, bool folder);
    Status rename_checked(const std::string& from, const std::string& to, bool folder);
    /// True where nothing of another kind is in the way (any more).
    Result<bool> clear_way(const Step& step, const Target& target, bool folder);
    Status record(const Step& step, const Target& target);
    Status finish(Step& step, const Target& target);
    Status fail(Step& step, const Error& problem);
    Status checkpoint(bool last);

    state::Store& store_;
    const volume::Volume& volume_;
    volume::Trash& trash_;
    Removal& removal_;
    unsigned dir_mode_;
    const Cancel& cancel_;
    std::optional<state::Transaction> transaction_;
    int uncommitted_ = 0;
};

/// Where an entry waits in the middle of its move.
std::string staging_path(state::EntryNo entry);
/// Put back what a crashed run left in staging in the middle of a move.
Status restore_interrupted_moves(state::Store& store, const volume::Volume& volume);

}  // namespace gds::run
