#include "advice.h"
#include "gds/base/log.h"
#include "gds/report/exposition.h"
#include "gds/report/metrics.h"
#include "gds/report/report.h"
#include "pipeline.h"
#include "planning.h"
#include "status_view.h"

#include <fmt/core.h>

namespace gds::run {

using state::Query;

namespace {

constexpr std::int64_t kKeptHistoryMs = 31LL * 24 * 3600 * 1000;

std::string guard_message(const model::RunRecord& record, const std::string& first_paths,
                          const std::string& destination) {
    std::string tripped;
    for (const model::GuardVerdict& guard : record.guards) {
        if (guard.tripped) {
            tripped += fmt::format("{}{} (limit {}, planned {})", tripped.empty() ? "" : ", ",
                                   guard.name, guard.limit, guard.planned);
        }
    }
    if (record.plan.empty()) {
        return fmt::format(
            "guard {}: the source holds nothing to mirror, while there are files on the volume, so "
            "nothing was changed. Put them back in Drive, or let it be with --allow-empty-source",
            tripped);
    }
    return fmt::format(
        "guard {} withheld {}: {}. Nothing was deleted. If they are meant to go, run: gdrive-sync "
        "approve {} --dest {} (the next sync then deletes exactly these); if not, put them back in "
        "Drive",
        tripped, plural(record.withheld_deletes, "delete"), first_paths, record.plan, destination);
}

/// Failed, or blocked by what lies in the way.
std::int64_t failed_without_parking(state::Store& store) {
    Query query(store.db(),
                "SELECT count(*) FROM action WHERE (outcome = ? OR outcome = ? AND error LIKE"
                " 'blocked:%') AND kind NOT IN (?, ?)",
                static_cast<std::int64_t>(model::ActionOutcome::failed),
                static_cast<std::int64_t>(model::ActionOutcome::withheld),
                static_cast<std::int64_t>(model::ActionKind::download),
                static_cast<std::int64_t>(model::ActionKind::update));
    const Result<bool> row = query.next();
    return row && *row ? query.integer(0) : 0;
}

Result<std::string> first_deletes(state::Store& store) {
    std::string first;
    int shown = 0;
    Query query(store.db(), "SELECT path FROM action WHERE kind = ? ORDER BY seq LIMIT 4",
                static_cast<std::int64_t>(model::ActionKind::remove));
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return first;
        }
        first += ++shown > 3 ? ", ..." : (first.empty() ? "" : ", ") + printable(query.view(0));
    }
}

}  // namespace

void Pipeline::count_requests() {
    if (tokens_) {
        for (const auto& [label, n] : tokens_->counters().requests) {
            record_.api_requests[label] += n;
        }
    }
    if (engine_) {
        for (const auto& [label, n] : engine_->counters().requests) {
            record_.api_requests[label] += n;
        }
        for (const auto& [reason, n] : engine_->counters().retries) {
            record_.api_retries[reason] += n;
        }
        record_.quota_units = engine_->counters().cost;
    }
}

/// A run that ended before it saw its folder is still a run of the mirror that this volume holds.
void Pipeline::name_source() {
    if (!record_.source_id.empty()) {
        return;
    }
    const auto volume = volume::Volume::open(settings_.destination);
    const auto marker = volume ? volume::read_marker(*volume) : volume.error();
    const std::string asked = effective_source(settings_.source, credentials_).text();
    if (marker && *marker && (*marker)->source == asked) {
        record_.source_id = (*marker)->root_id;
    }
}

/// The exit code, the numbers after the run, and its line in the history.
void Pipeline::finish_record() {
    name_source();
    record_.finished_ms = wall_clock_ms();
    record_.duration_ms =
        std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began_).count();
    count_requests();
    if (!store_) {
        record_.mirror_unknown = true;
        return;
    }
    judge_outcome();
    measure();
    if (!status_file_) {
        return;
    }
    if (const Status remembered = remember_run(); !remembered) {
        const Error problem = advise_on_destination(
            remembered.error().context("the run could not be recorded"), settings_.destination);
        record_.exit_code = most_serious(record_.exit_code, ExitCode::destination);
        if (record_.message.empty()) {
            record_.message = problem.message;
        } else {
            log::warn(problem.message);
        }
    }
}

void Pipeline::judge_outcome() {
    if (planned_) {
        const auto counts = count_actions(*store_);
        record_.counts.fail = counts ? counts->fail : record_.counts.fail;
        const auto done = count_actions(*store_, Counted::done);
        if (done && !settings_.dry_run()) {
            record_.done = *done;
        }
    }
    const auto parked = store_->parked_counts();
    // A failed transfer is parked, and counted there.
    std::int64_t unfinished = planned_ ? failed_without_parking(*store_) : 0;
    for (const auto& [reason, n] : parked ? *parked : std::map<std::string, std::int64_t>()) {
        record_.parked[reason] = n;
        unfinished += reason == kRefused ? 0 : n;
    }
    const auto end_with = [this](ExitCode code, const std::string& message) {
        record_.exit_code = most_serious(record_.exit_code, code);
        record_.message = record_.message.empty() ? message : record_.message;
    };
    if (settings_.dry_run()) {
        const bool differs = settings_.exit_code_on_difference &&
                             record_.exit_code == ExitCode::ok && record_.counts.actions() > 0;
        record_.exit_code = differs ? ExitCode::differs : record_.exit_code;
    } else if (withheld_) {
        const auto first = first_deletes(*store_);
        end_with(ExitCode::guard,
                 guard_message(record_, first.value_or(""), settings_.destination));
    } else if (unfinished > 0) {
        end_with(ExitCode::partial,
                 fmt::format("{} could not be brought up to date and will be tried again; see "
                             "gdrive-sync status --dest {}",
                             plural(unfinished, "item"), settings_.destination));
    }
}

/// What the mirror and the volume hold now.
void Pipeline::measure() {
    const auto totals = unchanged_ ? store_->remembered_totals() : store_->totals();
    if (totals) {
        record_.files = totals->files;
        record_.bytes = totals->bytes;
    }
    record_.last_full_listing_ms = store_->number(kLastFullListing).value_or(0);
    record_.last_success_ms = record_.exit_code == ExitCode::ok
                                  ? record_.finished_ms
                                  : store_->number("last_success_ms").value_or(0);
    if (settings_.dry_run()) {
        return;
    }
    const auto trash = volume::list_trash(*volume_);
    for (const volume::TrashRun& run : trash ? *trash : std::vector<volume::TrashRun>()) {
        record_.trash_bytes += run.bytes;
    }
    const auto space = volume_->space();
    record_.free_bytes = space ? space->free_bytes : 0;
}

Status Pipeline::remember_run() {
    const model::Counts done = record_.done.value_or(model::Counts());
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_->db()));
    if (record_.exit_code == ExitCode::ok) {
        GDS_CHECK(store_->set_meta("last_success_ms", std::to_string(record_.finished_ms)));
    }
    state::RunRow row;
    row.id = record_.id;
    row.command = record_.command;
    row.result = exit_code_name(record_.exit_code);
    row.message = record_.message;
    row.started_ms = record_.started_ms;
    row.finished_ms = record_.finished_ms;
    row.exit_code = static_cast<int>(record_.exit_code);
    row.downloaded = done.download;
    row.updated = done.update;
    row.renamed = done.rename;
    row.deleted = done.remove;
    row.failed = record_.counts.fail;
    row.bytes = record_.bytes_downloaded;
    GDS_CHECK(store_->add_run(row));
    GDS_CHECK(store_->forget_runs_before(run_stamp(record_.started_ms - kKeptHistoryMs)));
    if (!unchanged_) {
        GDS_CHECK(store_->remember_totals());
    }
    GDS_CHECK(transaction.commit());
    report::StatusView view = GDS_TRY(take_status(*store_, *volume_, marker_));
    view.guards = record_.guards;
    status_file_->end(view);
    return {};
}

Status Pipeline::answer() {
    if (!settings_.dry_run() || !planned_) {
        return {};
    }
    const model::ActionSource actions = action_source(*store_);
    return settings_.format == "json" ? report::write_json(record_, actions, output_)
                                      : report::write_text(record_, actions, output_);
}

void Pipeline::write_outputs() {
    const model::ActionSource none = [](const auto&) -> Status { return {}; };
    const model::ActionSource actions = planned_ ? action_source(*store_) : none;
    const auto complain = [](std::string_view what, const Status& status) {
        if (!status) {
            log::warn(what, {{"because", status.error().message}});
        }
    };
    if (const Status answered = answer(); !answered) {
        const Error problem = answered.error().context("the answer could not be written");
        record_.exit_code = most_serious(record_.exit_code, ExitCode::internal);
        record_.message = record_.message.empty() ? problem.message : record_.message;
    }
    if (!settings_.report_file.empty()) {
        complain("the report could not be written",
                 report::write_json_file(settings_.report_file, record_, actions));
    }
    if (!settings_.dry_run() && !settings_.metrics_file.empty()) {
        complain("the metrics file could not be written",
                 report::write_metrics_file(settings_.metrics_file, record_));
    }
    if (!settings_.dry_run() && !settings_.metrics_push.empty()) {
        complain("the metrics could not be pushed", push_metrics());
    }
    log::outcome(record_.exit_code, report::summary_line(record_));
}

/// By default under the folder's id, which a first run that fails does not know yet: it pushes
/// under the path, and the first that knows the id clears that away.
Status Pipeline::push_metrics() {
    report::PushTarget target;
    target.base = settings_.metrics_push;
    target.job = "gdrive-sync";
    target.ca_cert = settings_.http.ca_cert;
    target.instance = settings_.source.path;
    const report::PushTarget first = target;
    if (!settings_.instance.empty()) {
        target.instance = settings_.instance;
    } else if (!record_.source_id.empty()) {
        target.instance = record_.source_id;
    }
    GDS_CHECK(report::push_exposition(target, report::metrics_text(record_)));
    return first_pin_ && settings_.instance.empty() ? report::delete_push(first) : Status();
}

ExitCode mirror(const Settings& settings, Cancel& cancel, const Output& output) {
    Pipeline pipeline(settings, cancel, output);
    return pipeline.run();
}

}  // namespace gds::run
