#include "structure.h"

#include "gds/base/log.h"
#include "gds/base/text.h"
#include "planning.h"
#include "scan.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::run {

using model::ActionKind;
using model::ActionOutcome;
using state::Entry;
using state::Query;
using volume::FileType;

namespace {

constexpr int kCheckpoint = 200;

bool lies_in(const std::string& path, const std::string& folder) {
    return path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 &&
           path[folder.size()] == '/';
}

/// Failures that end the run rather than the action.
bool ends_run(const Error& problem) {
    return problem.code == Code::disk_full || problem.code == Code::read_only ||
           problem.code == Code::internal;
}

}  // namespace

Structure::Structure(state::Store& store, const volume::Volume& volume, volume::Trash& trash,
                     Removal& removal, unsigned dir_mode, const Cancel& cancel)
    : store_(store),
      volume_(volume),
      trash_(trash),
      removal_(removal),
      dir_mode_(dir_mode),
      cancel_(cancel) {}

Status Structure::run() {
    transaction_.emplace(GDS_TRY(state::Transaction::begin(store_.db())));
    std::vector<Step> folders = GDS_TRY(load(true));
    GDS_CHECK(run_folders(folders));
    std::vector<Step> files = GDS_TRY(load(false));
    GDS_CHECK(secure_files(files));
    for (Step& file : files) {
        if (cancel_.stopped()) {
            break;
        }
        GDS_CHECK(move_file(file));
    }
    return checkpoint(true);
}

Status Structure::checkpoint(bool last) {
    if (!last && ++uncommitted_ < kCheckpoint) {
        return {};
    }
    if (uncommitted_ > 0) {
        GDS_CHECK(volume_.sync_all());
    }
    GDS_CHECK(transaction_->commit());
    transaction_.reset();
    uncommitted_ = 0;
    if (!last) {
        transaction_.emplace(GDS_TRY(state::Transaction::begin(store_.db())));
    }
    return {};
}

Result<std::vector<Structure::Step>> Structure::load(bool folders) {
    std::vector<Step> steps;
    Query query(store_.db(),
                "SELECT a.seq, a.wanted, a.entry, a.kind, coalesce(e.parent, 0) FROM action a"
                " LEFT JOIN entry e ON e.n = a.entry"
                " JOIN wanted w ON w.n = a.wanted WHERE a.kind IN (?, ?) AND a.outcome = 0"
                " AND w.folder = ? ORDER BY a.seq",
                static_cast<std::int64_t>(ActionKind::mkdir),
                static_cast<std::int64_t>(ActionKind::rename), folders);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return steps;
        }
        Step step;
        step.seq = query.integer(0);
        step.wanted = query.integer(1);
        step.entry = query.integer(2);
        step.make = query.integer(3) == static_cast<std::int64_t>(ActionKind::mkdir);
        // Left in staging by a run that was stopped in the middle of its moves.
        step.staged = query.integer(4) < 0 ? staging_path(step.entry) : "";
        steps.push_back(std::move(step));
    }
}

Result<std::optional<Structure::Target>> Structure::target_of(const Step& step) {
    Query query(store_.db(),
                "SELECT w.parent, w.name, coalesce(p.entry, 0) FROM wanted w"
                " LEFT JOIN wanted p ON p.n = w.parent WHERE w.n = ?",
                step.wanted);
    GDS_CHECK(query.next());
    Target target;
    target.name = query.text(1);
    target.place = query.integer(0) == 0 ? 0 : query.integer(2);
    if (query.integer(0) != 0 && target.place == 0) {
        return std::optional<Target>();
    }
    target.path = join_path(GDS_TRY(store_.path_of(target.place)), target.name);
    return std::optional<Target>(std::move(target));
}

Status Structure::run_folders(std::vector<Step>& steps) {
    for (bool progress = true; progress && !cancel_.stopped();) {
        progress = false;
        for (Step& step : steps) {
            if (!step.done) {
                const bool moved = GDS_TRY(try_folder(step, steps));
                progress = progress || moved;
            }
        }
        if (!progress) {
            progress = GDS_TRY(break_cycle(steps));
        }
    }
    for (Step& step : steps) {
        if (!step.done && !cancel_.stopped()) {
            GDS_CHECK(fail(step, error(Code::conflict, "the folder it belongs in is not there")));
        }
    }
    return {};
}

Result<bool> Structure::try_folder(Step& step, std::vector<Step>& steps) {
    const auto target = GDS_TRY(target_of(step));
    if (!target) {
        return false;
    }
    const auto occupant = GDS_TRY(store_.entry_at(target->place, target->name));
    const bool waits = occupant && occupant->n != step.entry &&
                       std::any_of(steps.begin(), steps.end(), [&](const Step& other) {
                           return !other.done && other.staged.empty() && other.entry == occupant->n;
                       });
    if (waits) {
        return false;
    }
    if (occupant && !occupant->folder && occupant->n != step.entry) {
        Query moving(store_.db(),
                     "SELECT seq, wanted FROM action WHERE entry = ? AND kind = ? AND outcome = 0",
                     occupant->n, static_cast<std::int64_t>(ActionKind::rename));
        const bool moves = GDS_TRY(moving.next());
        if (moves) {
            // A file that a later phase moves: it waits in staging, so that the folder can land.
            const std::string staged = staging_path(occupant->n);
            if (const Status out = rename_checked(target->path, staged, false); !out) {
                GDS_CHECK(fail(step, out.error()));
                return true;
            }
            GDS_CHECK(store_.db().run("UPDATE entry SET parent = -n WHERE n = ?", occupant->n));
        }
    }
    return step.make ? make_folder(step, *target) : move_folder(step, *target);
}

/// Nothing else goes along in the name of what is recorded: where somebody put a folder in a file's
/// place, or the other way round, and no scan has seen it, the next one does.
Status Structure::check_type(const std::string& path, bool folder) {
    const auto there = GDS_TRY(volume_.stat(path));
    const FileType expected = folder ? FileType::directory : FileType::file;
    if (there && there->type != expected) {
        return error(Code::conflict,
                     fmt::format("{}: something else lies there by now; the next run looks again",
                                 printable(path)));
    }
    return {};
}

Status Structure::rename_checked(const std::string& from, const std::string& to, bool folder) {
    GDS_CHECK(check_type(from, folder));
    return volume_.rename(from, to);
}

Result<bool> Structure::clear_way(const Step& step, const Target& target, bool folder) {
    const auto there = GDS_TRY(volume_.stat(target.path));
    const FileType expected = folder ? FileType::directory : FileType::file;
    const auto occupant = GDS_TRY(store_.entry_at(target.place, target.name));
    if (there && folder && occupant && occupant->folder && occupant->n != step.entry) {
        GDS_CHECK(set_outcome(store_, step.seq, ActionOutcome::withheld,
                              "blocked: another folder's copy still has its name"));
        return false;
    }
    if (!there || there->type == expected) {
        return true;
    }
    const bool cleared = GDS_TRY(removal_.evict(target.path));
    if (!cleared) {
        GDS_CHECK(set_outcome(store_, step.seq, ActionOutcome::withheld,
                              "blocked: what lies there may not be deleted"));
    }
    return cleared;
}

Result<bool> Structure::make_folder(Step& step, const Target& target) {
    const bool clear = GDS_TRY(clear_way(step, target, true));
    if (!clear) {
        step.done = true;
        return true;
    }
    const Status made = volume_.make_dir(target.path, dir_mode_);
    if (!made && made.error().code != Code::conflict) {
        GDS_CHECK(fail(step, made.error()));
        return true;
    }
    GDS_CHECK(finish(step, target));
    return true;
}

Result<bool> Structure::move_folder(Step& step, const Target& target) {
    const std::string from =
        step.staged.empty() ? GDS_TRY(store_.path_of(step.entry)) : step.staged;
    if (lies_in(target.path, from)) {
        return false;  // a folder cannot move into itself; what holds the target moves out first
    }
    const bool clear = GDS_TRY(clear_way(step, target, true));
    if (!clear) {
        step.done = true;
        return true;
    }
    if (const Status moved = rename_checked(from, target.path, true); !moved) {
        GDS_CHECK(fail(step, moved.error()));
        return true;
    }
    GDS_CHECK(finish(step, target));
    return true;
}

Result<bool> Structure::try_exchange(Step& step, std::vector<Step>& steps) {
    const auto target = GDS_TRY(target_of(step));
    const auto entry = GDS_TRY(store_.entry(step.entry));
    if (!target || !entry) {
        return false;
    }
    for (Step& other : steps) {
        const auto counter = GDS_TRY(store_.entry(other.entry));
        if (other.done || other.make || !other.staged.empty() || !counter ||
            counter->parent != target->place || counter->name != target->name) {
            continue;
        }
        const auto back = GDS_TRY(target_of(other));
        if (!back || back->place != entry->parent || back->name != entry->name) {
            return false;
        }
        const bool folders = check_type(back->path, true) && check_type(target->path, true);
        if (!folders || !volume_.exchange(back->path, target->path)) {
            return false;
        }
        GDS_CHECK(store_.db().run("UPDATE entry SET parent = -n WHERE n = ?", other.entry));
        GDS_CHECK(finish(step, *target));
        GDS_CHECK(finish(other, *back));
        return true;
    }
    return false;
}

/// Whether another step can only land once this one's folder has left its place.
Result<bool> Structure::is_waited_for(const Step& step, const std::vector<Step>& steps) {
    const auto entry = GDS_TRY(store_.entry(step.entry));
    for (const Step& other : steps) {
        if (other.done || other.seq == step.seq || !entry) {
            continue;
        }
        const auto target = GDS_TRY(target_of(other));
        if (target && target->place == entry->parent && target->name == entry->name) {
            return true;
        }
    }
    return false;
}

Result<bool> Structure::break_cycle(std::vector<Step>& steps) {
    for (Step& step : steps) {
        if (step.done || step.make || !step.staged.empty() ||
            !GDS_TRY(is_waited_for(step, steps))) {
            continue;
        }
        const bool exchanged = GDS_TRY(try_exchange(step, steps));
        if (exchanged) {
            return true;
        }
        const std::string from = GDS_TRY(store_.path_of(step.entry));
        const std::string staged = staging_path(step.entry);
        if (const Status out = rename_checked(from, staged, true); !out) {
            GDS_CHECK(fail(step, out.error()));
            return true;
        }
        step.staged = staged;
        GDS_CHECK(store_.db().run("UPDATE entry SET parent = -n WHERE n = ?", step.entry));
        return true;
    }
    return false;
}

Status Structure::secure_files(std::vector<Step>& steps) {
    if (!steps.empty()) {
        GDS_CHECK(index_wanted(store_.db(), WantedBy::place_and_name));
    }
    for (Step& step : steps) {
        const auto entry = GDS_TRY(store_.entry(step.entry));
        if (!entry) {
            continue;
        }
        if (entry->parent < 0) {
            step.staged = staging_path(step.entry);
            continue;
        }
        const bool inherited = GDS_TRY(is_wanted_file(store_, entry->parent, entry->name));
        if (inherited) {
            const std::string from = GDS_TRY(store_.path_of(step.entry));
            const std::string staged = staging_path(step.entry);
            Status linked = check_type(from, false);
            linked = linked ? volume_.link(from, staged) : linked;
            if (!linked && linked.error().code == Code::permission_denied &&
                check_type(from, false)) {
                // Without hard links the path is empty until its next file lands.
                linked = volume_.rename(from, staged);
            }
            if (!linked) {
                GDS_CHECK(fail(step, linked.error()));
                continue;
            }
            step.staged = staged;
        }
    }
    // The paths of all of them are free for the record, whatever order they land in.
    for (const Step& step : steps) {
        if (!step.done && !step.staged.empty()) {
            GDS_CHECK(store_.db().run("UPDATE entry SET parent = -n WHERE n = ?", step.entry));
        }
    }
    return {};
}

Status Structure::move_file(Step& step) {
    if (step.done) {
        return {};
    }
    const auto target = GDS_TRY(target_of(step));
    if (!target) {
        return fail(step, error(Code::conflict, "the folder it belongs in is not there"));
    }
    const std::string source =
        step.staged.empty() ? GDS_TRY(store_.path_of(step.entry)) : step.staged;
    if (const Status same = check_type(source, false); !same) {
        return fail(step, same.error());
    }
    if (lies_in(source, target->path)) {
        return move_out_and_land(step, *target, source);
    }
    const bool clear = GDS_TRY(clear_way(step, *target, false));
    if (!clear) {
        step.done = true;
        return {};
    }
    return land_file(step, *target, source);
}

/// A file that takes the place of a folder it lies in waits in staging while the folder goes.
Status Structure::move_out_and_land(Step& step, const Target& target, const std::string& source) {
    const auto before = GDS_TRY(store_.entry(step.entry));
    const std::string staged = staging_path(step.entry);
    if (const Status out = volume_.rename(source, staged); !out) {
        return fail(step, out.error());
    }
    GDS_CHECK(store_.db().run("UPDATE entry SET parent = -n WHERE n = ?", step.entry));
    const bool clear = GDS_TRY(clear_way(step, target, false));
    if (clear) {
        return land_file(step, target, staged);
    }
    step.done = true;
    GDS_CHECK(volume_.rename(staged, source));
    return store_.update(*before);
}

Status Structure::land_file(Step& step, const Target& target, const std::string& source) {
    const auto there = GDS_TRY(volume_.stat(target.path));
    const auto occupant = GDS_TRY(store_.entry_at(target.place, target.name));
    if (!there) {
        const Status moved = volume_.rename(source, target.path);
        return moved ? finish(step, target) : fail(step, moved.error());
    }
    // The old path of a file that is safe in staging is simply written over; anything else there is
    // replaced for good, and kept.
    Query waiting(store_.db(),
                  "SELECT 1 FROM action a JOIN entry e ON e.n = a.entry"
                  " WHERE e.parent < 0 AND a.source = ? AND a.kind = ?",
                  target.path, static_cast<std::int64_t>(ActionKind::rename));
    const bool secured = GDS_TRY(waiting.next());
    if (!secured) {
        std::vector<volume::TrashEntry> replaced(1);
        replaced[0].path = target.path;
        replaced[0].why = "replaced";
        replaced[0].size = there->size;
        replaced[0].mtime_ns = there->mtime_ns;
        replaced[0].id = occupant ? GDS_TRY(store_.id_of(occupant->item)) : "";
        GDS_CHECK(trash_.announce(replaced));
        GDS_CHECK(trash_.keep_copy(replaced[0]));
    }
    const Status moved = volume_.rename_over(source, target.path);
    return moved ? finish(step, target) : fail(step, moved.error());
}

Status Structure::record(const Step& step, const Target& target) {
    GDS_CHECK(store_.db().run("DELETE FROM entry WHERE parent = ? AND name = ? AND n <> ?",
                              target.place, target.name, step.entry));
    if (step.entry != 0) {
        return store_.db().run("UPDATE entry SET parent = ?, name = ? WHERE n = ?", target.place,
                               target.name, step.entry);
    }
    Query query(store_.db(), "SELECT item, via FROM wanted WHERE n = ?", step.wanted);
    GDS_CHECK(query.next());
    Entry entry;
    entry.parent = target.place;
    entry.name = target.name;
    entry.folder = true;
    entry.item = query.integer(0);
    entry.via = query.integer(1);
    const state::EntryNo made = GDS_TRY(store_.insert(entry));
    return store_.db().run("UPDATE wanted SET entry = ? WHERE n = ?", made, step.wanted);
}

Status Structure::finish(Step& step, const Target& target) {
    GDS_CHECK(record(step, target));
    step.done = true;
    GDS_CHECK(set_outcome(store_, step.seq, ActionOutcome::done));
    return checkpoint(false);
}

Status Structure::fail(Step& step, const Error& problem) {
    if (ends_run(problem)) {
        return problem;
    }
    step.done = true;
    return set_outcome(store_, step.seq, ActionOutcome::failed, problem.message);
}

}  // namespace gds::run
