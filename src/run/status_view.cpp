#include "status_view.h"

#include "gds/base/text.h"
#include "gds/volume/trash.h"
#include "terms.h"
#include "whereabouts.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

namespace gds::run {

namespace {

constexpr int kShownRuns = 10;
constexpr int kShownParked = 20;
/// A run at work rewrites its status every 30 s, unless one large file keeps it busy.
constexpr std::int64_t kSilenceMs = 600'000;

Status fill_from_store(report::StatusView& view, state::Store& store) {
    view.schema = state::Store::schema_version();
    const state::Store::Totals totals = GDS_TRY(store.remembered_totals());
    view.files = totals.files;
    view.bytes = totals.bytes;
    view.last_success_ms = GDS_TRY(store.number("last_success_ms"));
    view.last_full_listing_ms = GDS_TRY(store.number(kLastFullListing));
    for (const state::RunRow& row : GDS_TRY(store.runs(kShownRuns))) {
        report::StatusRun run;
        run.id = row.id;
        run.command = row.command;
        run.result = row.result;
        run.message = row.message;
        run.exit_code = row.exit_code;
        run.started_ms = row.started_ms;
        run.finished_ms = row.finished_ms;
        run.downloaded = row.downloaded;
        run.updated = row.updated;
        run.renamed = row.renamed;
        run.deleted = row.deleted;
        run.failed = row.failed;
        run.bytes = row.bytes;
        view.runs.push_back(std::move(run));
    }
    for (const state::Parked& item : GDS_TRY(store.parked_items(kShownParked))) {
        report::StatusParked parked;
        parked.path = item.path;
        parked.reason = item.reason;
        parked.detail = item.detail;
        parked.attempts = item.attempts;
        parked.next_try_ms = item.next_try_ms;
        view.parked.push_back(std::move(parked));
    }
    view.parked_counts = GDS_TRY(store.parked_counts());
    return {};
}

Status fill_withheld(report::StatusView& view, const volume::Marker& marker, state::Store& store) {
    if (marker.withheld_plan.empty()) {
        return {};
    }
    report::StatusWithheld withheld;
    withheld.plan = marker.withheld_plan;
    withheld.approved = marker.approved_plan == marker.withheld_plan;
    withheld.deletes = GDS_TRY(store.number("withheld_deletes"));
    const std::string paths = GDS_TRY(store.meta("withheld_paths"));
    if (!paths.empty()) {
        withheld.first_paths = split(paths, kBetweenPaths);
    }
    view.withheld = std::move(withheld);
    return {};
}

/// What a run wrote of itself; nullopt where none did, or it cannot be read.
std::optional<report::StatusView> last_words(const volume::Volume& volume) {
    const auto text = volume::read_own_file(volume, kStatusFile);
    if (!text || !*text) {
        return std::nullopt;
    }
    auto view = report::parse_status(**text);
    return view ? std::optional(std::move(*view)) : std::nullopt;
}

/// Adds the run that is at work; of one that fell silent, a warning.
void add_running(report::StatusView& view, const std::optional<report::StatusView>& words) {
    if (!words || !words->running) {
        return;
    }
    const report::StatusRun& running = *words->running;
    const bool ended = std::any_of(view.runs.begin(), view.runs.end(),
                                   [&](const auto& run) { return run.id == running.id; });
    if (ended) {
        return;
    }
    if (view.now_ms - words->now_ms <= kSilenceMs) {
        view.running = running;
        return;
    }
    view.warnings.push_back(fmt::format(
        "run {} has said nothing since {}; it was probably killed, and the next run goes on",
        running.id, format_rfc3339(words->now_ms, true)));
}

Result<report::StatusView> without_database(const Error& problem,
                                            std::optional<report::StatusView> words) {
    if (!words) {
        return problem;
    }
    report::StatusView view = std::move(*words);
    const std::int64_t written = view.now_ms;
    view.now_ms = wall_clock_ms();
    view.warnings.push_back(fmt::format("the database could not be read ({}); this was written {}",
                                        problem.message, format_rfc3339(written, true)));
    return view;
}

}  // namespace

Result<report::StatusView> take_status(state::Store& store, const volume::Volume& volume,
                                       const std::optional<volume::Marker>& marker) {
    report::StatusView view;
    view.destination = volume.path();
    view.now_ms = wall_clock_ms();
    GDS_CHECK(fill_from_store(view, store));
    if (marker) {
        view.source = marker->source;
        view.source_id = marker->root_id;
        view.account = marker->account;
        GDS_CHECK(fill_withheld(view, *marker, store));
    }
    for (const volume::TrashRun& run : GDS_TRY(volume::list_trash(volume))) {
        view.trash_bytes += run.bytes;
    }
    view.free_bytes = GDS_TRY(volume.space()).free_bytes;
    return view;
}

Result<report::StatusView> status_view(const VolumeSettings& settings) {
    const volume::Volume volume = GDS_TRY(volume::Volume::open(settings.destination));
    const auto marker = GDS_TRY(volume::read_marker(volume));
    const std::string database = database_path(settings.destination, settings.state_dir);
    if (!marker && ::access(database.c_str(), F_OK) != 0) {
        report::StatusView view;
        view.destination = settings.destination;
        view.now_ms = wall_clock_ms();
        view.warnings.emplace_back("no run has worked on this destination yet");
        return view;
    }
    auto words = last_words(volume);
    auto store = state::Store::open_copy(database, temporary_directory());
    if (!store) {
        return without_database(store.error(), std::move(words));
    }
    report::StatusView view = GDS_TRY(take_status(*store, volume, marker));
    const state::Store::Totals totals = GDS_TRY(store->totals());
    view.files = totals.files;  // a run at work has changed them since it last counted
    view.bytes = totals.bytes;
    if (words) {
        view.guards = words->guards;
    }
    add_running(view, words);
    return view;
}

}  // namespace gds::run
