#include "pipeline.h"

#include "advice.h"
#include "gds/base/log.h"
#include "gds/plan/guards.h"
#include "planning.h"
#include "status_view.h"
#include "structure.h"
#include "whereabouts.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace gds::run {

std::string run_stamp(std::int64_t now_ms) {
    std::string stamp = format_rfc3339(now_ms / 1000 * 1000, true);
    stamp.erase(
        std::remove_if(stamp.begin(), stamp.end(), [](char c) { return c == '-' || c == ':'; }),
        stamp.end());
    return stamp;
}

namespace {

Status check_formats(const std::vector<std::string>& formats) {
    for (const std::string& format : formats) {
        if (!drive::is_export_extension(format)) {
            return error(Code::invalid_argument,
                         fmt::format("--export-formats: Google exports nothing as \"{}\"; give "
                                     "names such as docx, xlsx, pptx, svg, odt or pdf",
                                     printable(format)));
        }
    }
    return {};
}

}  // namespace

Pipeline::Pipeline(const Settings& settings, Cancel& cancel, const Output& output)
    : settings_(settings),
      cancel_(cancel),
      output_(output),
      began_(std::chrono::steady_clock::now()) {
    record_.command = settings.command;
    record_.dry_run = settings.dry_run();
    record_.started_ms = wall_clock_ms();
    record_.id = run_stamp(record_.started_ms) + "-" + random_hex(3);
    record_.destination = settings.destination;
    record_.source_path = settings.source.path;
    record_.source_id = settings.source.id;
    record_.full_listing = false;
    log::set_run_id(record_.id);
    if (settings.max_duration.count() > 0) {
        cancel.set_deadline(began_ + settings.max_duration);
    }
}

Pipeline::~Pipeline() = default;

ExitCode Pipeline::run() {
    progress_ = std::make_unique<report::Progress>(settings_.progress);
    if (const Phase failure = go()) {
        record_.exit_code = most_serious(record_.exit_code, failure->code);
        record_.message = failure->problem.message;
    }
    progress_.reset();
    finish_record();
    write_outputs();
    return record_.exit_code;
}

Pipeline::Phase Pipeline::go() {
    using Step = Phase (Pipeline::*)();
    static constexpr Step kSteps[] = {&Pipeline::prepare_inputs, &Pipeline::open_destination,
                                      &Pipeline::open_state,     &Pipeline::open_source,
                                      &Pipeline::list,           &Pipeline::plan,
                                      &Pipeline::judge,          &Pipeline::confirm,
                                      &Pipeline::apply,          &Pipeline::finish};
    for (const Step step : kSteps) {
        if (Phase failure = (this->*step)()) {
            return failure;
        }
    }
    return std::nullopt;
}

Pipeline::Phase Pipeline::fail(ExitCode code, const Error& problem) const {
    if (problem.code == Code::cancelled) {
        const ExitCode stopped = stop_code(cancel_.reason());
        const std::string_view by = stopped == ExitCode::interrupted  ? "stopped by SIGINT"
                                    : stopped == ExitCode::terminated ? "stopped by SIGTERM"
                                                                      : "--max-duration is over";
        return Failure{stopped,
                       error(Code::cancelled, fmt::format("{}; what was finished is kept and the "
                                                          "next run goes on from there",
                                                          by))};
    }
    return Failure{problem.code == Code::internal ? ExitCode::internal : code, problem};
}

Pipeline::Phase Pipeline::fail_source(const Error& problem) const {
    if (store_ && store_->met_damage()) {
        return fail_destination(problem);  // what the source told had nowhere to go
    }
    const bool auth = problem.code == Code::unauthenticated;
    return fail(auth ? ExitCode::auth : ExitCode::source, advise_on_source(problem));
}

Pipeline::Phase Pipeline::fail_destination(const Error& problem) const {
    return fail(ExitCode::destination, advise_on_destination(problem, settings_.destination));
}

void Pipeline::show(const std::string& phase, std::int64_t files, std::int64_t files_total,
                    std::int64_t bytes, std::int64_t bytes_total) {
    report::ProgressFigures figures;
    figures.phase = phase;
    figures.files_done = files;
    figures.files_total = files_total;
    figures.bytes_done = bytes;
    figures.bytes_total = bytes_total;
    progress_->update(figures);
    if (status_file_) {
        status_file_->progress(figures);
    }
}

Pipeline::Phase Pipeline::prepare_inputs() {
    auto filter = tree::Filter::make(settings_.filter);
    if (!filter) {
        return fail(ExitCode::usage, filter.error());
    }
    filter_ = std::move(*filter);
    if (const Status known = check_formats(settings_.export_formats); !known) {
        return fail(ExitCode::usage, known.error());
    }
    auto credentials = auth::load_credentials(settings_.credentials);
    if (!credentials) {
        return fail(ExitCode::usage, credentials.error());
    }
    credentials_ = std::move(*credentials);
    for (const std::string& warning : credentials_.warnings) {
        log::warn(warning);
    }
    const bool rooted = !credentials_.root_folder_id.empty() || !credentials_.team_drive.empty() ||
                        !settings_.source.drive_id.empty();
    if (settings_.source.path.empty() && settings_.source.id.empty() && !rooted) {
        return fail(ExitCode::usage,
                    error(Code::invalid_argument,
                          "no source: name the Drive folder with --source PATH or --source-id ID"));
    }
    return std::nullopt;
}

Pipeline::Phase Pipeline::open_destination() {
    auto volume = volume::Volume::open(settings_.destination);
    if (!volume) {
        return fail_destination(
            volume.error().context("the destination (--dest) cannot be used; it has to exist and "
                                   "be a directory, with the volume mounted"));
    }
    volume_.emplace(std::move(*volume));
    if (!settings_.dry_run()) {
        if (const Status made = volume::make_state_dir(*volume_); !made) {
            return fail_destination(made.error());
        }
        auto lock = volume::Lock::acquire(*volume_, record_.id, settings_.lock_wait, cancel_);
        if (!lock) {
            const bool busy = lock.error().code == Code::busy;
            return busy ? fail(ExitCode::busy, lock.error()) : fail_destination(lock.error());
        }
        lock_.emplace(std::move(*lock));
    }
    auto marker = volume::read_marker(*volume_);
    if (!marker) {
        return fail_destination(marker.error());
    }
    marker_ = std::move(*marker);
    const auto carried_out = [this](const std::vector<std::string>& ids) {
        return std::find(ids.begin(), ids.end(), settings_.resync_id) != ids.end();
    };
    resync_ = settings_.as_resync();
    if (resync_ && marker_ && !settings_.resync_id.empty() && carried_out(marker_->resync_ids)) {
        log::info("this resync was carried out before, so this is an ordinary sync",
                  {{"resync_id", settings_.resync_id}});
        resync_ = false;
    }
    return std::nullopt;
}

/// The database and volume.json have to belong together: what only one of them knows was mounted
/// in the other's place.
Status Pipeline::check_volume(const std::string& database) {
    const std::string known = GDS_TRY(store_->meta("volume"));
    if (!marker_ || known.empty() || known == marker_->volume_id || settings_.command == "resync") {
        return {};
    }
    return error(Code::conflict,
                 fmt::format("the database {} belongs to another volume than the one mounted at "
                             "{}; mount the right one, or run resync to have it take this one",
                             database, settings_.destination));
}

Pipeline::Phase Pipeline::open_state() {
    const std::string path = database_path(settings_.destination, settings_.state_dir);
    const bool database_exists = ::access(path.c_str(), F_OK) == 0;
    if (database_exists && !marker_ && settings_.command != "resync") {
        return fail_destination(error(
            Code::conflict,
            fmt::format("the database {} knows this volume, but {}/{}/volume.json is missing: "
                        "is the volume mounted? If it is new on purpose, run resync",
                        path, settings_.destination, volume::kStateDirName)));
    }
    if (!settings_.dry_run() && !marker_) {
        // Before the database, since one without a marker is the sign of a missing volume.
        marker_.emplace().volume_id = random_hex(16);
        if (const Status marked = volume::write_marker(*volume_, *marker_); !marked) {
            return fail_destination(marked.error());
        }
    }
    state::Opened opened = state::Opened::existing;
    const auto check = settings_.as_resync() ? state::Check::all : state::Check::when_due;
    auto store = settings_.dry_run() ? state::Store::open_copy(path, temporary_directory())
                                     : state::Store::open(path, record_.id, opened, check);
    if (!store) {
        const bool busy = store.error().code == Code::busy;
        return busy ? fail(ExitCode::busy, store.error()) : fail_destination(store.error());
    }
    store_.emplace(std::move(*store));
    Status ready = check_volume(path);
    if (ready && !settings_.dry_run()) {
        ready = begin_state();
    }
    if (ready) {
        ready = create_work_tables(store_->db());
    }
    if (ready) {
        const auto due = scan_is_due();
        ready = due ? Status() : due.error();
        if (due && *due) {
            read_ahead();
        }
    }
    return ready ? Phase() : fail_destination(ready.error());
}

Status Pipeline::begin_state() {
    GDS_CHECK(remember_destination(*store_, settings_.destination));
    if (store_->was_left_open()) {
        // What the killed run did is found by a scan, be it a later run's if this one gets none.
        GDS_CHECK(store_->set_meta(kLastScan, ""));
    }
    GDS_CHECK(restore_interrupted_moves(*store_, *volume_));
    report::StatusView view = GDS_TRY(take_status(*store_, *volume_, marker_));
    report::StatusRun& running = view.running.emplace();
    running.id = record_.id;
    running.command = record_.command;
    running.result = "running";
    running.started_ms = record_.started_ms;
    status_file_.emplace(*volume_, std::move(view));
    return {};
}

Pipeline::Phase Pipeline::judge() {
    const auto counts = count_actions(*store_);
    const auto plan_id = delete_plan_id(*store_);
    if (!counts || !plan_id) {
        return fail_destination(counts ? plan_id.error() : counts.error());
    }
    const std::int64_t unchanged = record_.counts.unchanged;
    record_.counts = *counts;
    record_.counts.unchanged = unchanged;
    if (doubt_) {
        return std::nullopt;
    }
    plan::GuardLimits limits;
    limits.max_delete = settings_.max_delete;
    limits.max_delete_percent = settings_.max_delete_percent;
    limits.allow_empty_source = settings_.allow_empty_source;
    plan::GuardFacts facts;
    facts.planned_deletes = counts->remove;
    facts.mirror_files = volume_files_;
    facts.source_files = source_files_;
    record_.guards = plan::judge(facts, limits);
    const bool tripped = plan::any_tripped(record_.guards);
    approved_ = tripped && marker_ && !plan_id->empty() && marker_->approved_plan == *plan_id;
    withheld_ = tripped && !approved_;
    hold_everything_ = withheld_ && plan::empty_source_tripped(record_.guards);
    if (withheld_) {
        record_.plan = *plan_id;
        record_.withheld_deletes = counts->remove;
        if (snapshot_->by_corpus()) {
            // So many missing, and none of them was asked for: the next run asks every folder.
            next_token_.clear();
        }
    } else if (approved_) {
        log::info("an approved plan is carried out", {{"plan", *plan_id}});
    }
    return std::nullopt;
}

}  // namespace gds::run
