#include "confirmation.h"
#include "gds/base/log.h"
#include "pipeline.h"
#include "planning.h"
#include "removal.h"
#include "room.h"
#include "status_view.h"
#include "structure.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gds::run {

using model::ActionKind;
using model::ActionOutcome;
using state::Query;

namespace {

constexpr int kDownloadConnections = 24;  // at least, since downloads also ask for items
// At most: the engine finds how many are of use. Where each needs a connection of its own, that is
// some 60 KiB for each.
constexpr int kDefaultTransfers = 48;
constexpr std::ptrdiff_t kKeptApprovals = 100;
/// Left free for the database and for what others write meanwhile.
constexpr std::int64_t kSpareBytes = 1 << 20;

/// Mark what is planned of these kinds as withheld.
Status withhold(state::Store& store, const std::string& kinds, const std::string& why) {
    return store.db().execute(fmt::format(
        "UPDATE action SET outcome = {}, error = '{}' WHERE outcome = {} AND kind IN ({})",
        number(ActionOutcome::withheld), why, number(ActionOutcome::planned), kinds));
}

/// What would take over the path of a file that may be alive after all.
Status withhold_displacing(state::Store& store) {
    return store.db().run(
        "UPDATE action SET outcome = ?, error = 'the listing is in doubt' WHERE outcome = ?"
        " AND entry IN (SELECT entry FROM displaced)",
        number(ActionOutcome::withheld), number(ActionOutcome::planned));
}

std::string removing_kinds() {
    return fmt::format("{}, {}", number(ActionKind::remove), number(ActionKind::rmdir));
}

/// Something waits in staging for a later run to move it out.
bool moves_are_unfinished(state::Store& store) {
    Query query(store.db(), "SELECT 1 FROM entry WHERE parent < 0 LIMIT 1");
    const Result<bool> row = query.next();
    return !row || *row;
}

}  // namespace

Pipeline::Phase Pipeline::confirm() {
    const auto planned = bytes_to_fetch(*store_);
    if (!planned) {
        return fail_destination(planned.error());
    }
    record_.bytes_planned = *planned;
    if (settings_.dry_run() || doubt_) {
        return std::nullopt;
    }
    Confirmation confirmation(*store_, *engine_, *api_, *snapshot_, root_);
    const auto verdict = confirmation.run(!withheld_);
    if (!verdict) {
        return fail_source(verdict.error());
    }
    if (*verdict) {
        doubt_ = error(Code::incomplete, fmt::format("nothing is deleted or renamed, since the "
                                                     "listing cannot be trusted: {}",
                                                     **verdict));
        const std::string kinds =
            fmt::format("{}, {}", removing_kinds(), number(ActionKind::rename));
        const Status marked = withhold(*store_, kinds, "the listing is in doubt");
        Status kept = marked ? withhold_displacing(*store_) : marked;
        if (kept) {
            kept = store_->set_meta(kFeedToken, "");  // the next run lists in full
        }
        if (kept && snapshot_->by_corpus()) {
            kept = distrust_corpus();
        }
        if (!kept) {
            return fail_destination(kept.error());
        }
    }
    return std::nullopt;
}

Pipeline::Phase Pipeline::apply() {
    if (settings_.dry_run()) {
        return std::nullopt;
    }
    if (const Status pinned = pin_source(); !pinned) {
        return fail_destination(pinned.error());
    }
    if (const Status kept = keep_verdict(); !kept) {
        return fail_destination(kept.error());
    }
    if (withheld_) {
        const std::string kinds =
            hold_everything_ ? std::string("0, 1, 2, 3, 4, 5") : removing_kinds();
        if (const Status marked = withhold(*store_, kinds, "a guard tripped"); !marked) {
            return fail_destination(marked.error());
        }
    }
    trash_.emplace(*volume_, record_.id, settings_.trash_keep.count() > 0);
    if (unchanged_) {
        const auto expired = volume::expire_trash(*volume_, settings_.trash_keep,
                                                  settings_.trash_max_size, record_.started_ms);
        return expired ? Phase() : fail_destination(expired.error());
    }
    const bool may_delete = !withheld_ && !doubt_;
    Removal removal(*store_, *volume_, *trash_, may_delete, cancel_);
    Structure structure(*store_, *volume_, *trash_, removal, settings_.dir_mode, cancel_);
    if (const Status moved = structure.run(); !moved) {
        return fail_destination(moved.error());
    }
    // A full volume takes no downloads, but deletes may free what the next run needs.
    Phase full = make_room();
    if (full && full->problem.code != Code::disk_full) {
        return full;
    }
    if (!full) {
        if (Phase failure = fetch(removal)) {
            return failure;
        }
    }
    show("deleting", 0, record_.counts.remove);
    if (const Status removed = removal.run(); !removed) {
        return fail_destination(removed.error());
    }
    if (const Status ended = end_used_approval(); !ended) {
        return fail_destination(ended.error());
    }
    if (full) {
        return full;
    }
    if (trash_->links_refused()) {
        log::warn("this file system refuses hard links: replaced files are not kept in the trash");
    }
    return std::nullopt;
}

Status Pipeline::pin_source() {
    const std::string text = effective_source(settings_.source, credentials_).text();
    volume::Marker& marker = *marker_;
    const std::string known_volume = GDS_TRY(store_->meta("volume"));
    const std::string recorded = GDS_TRY(store_->meta(kFeedTerms));
    const bool moved = marker.root_id != source_->folder.id || marker.source != text;
    if (moved || marker.account.empty() || terms_->other_credentials(recorded)) {
        first_pin_ = marker.root_id.empty();
        const volume::Marker before = marker;
        marker.root_id = source_->folder.id;
        marker.source = text;
        const auto account = api_->about();
        // Where it cannot be told now, the next run asks again.
        marker.account = account ? account->permission_id : "";
        if (moved || marker.account != before.account) {
            GDS_CHECK(volume::write_marker(*volume_, marker));
        }
    }
    return known_volume == marker.volume_id ? Status()
                                            : store_->set_meta("volume", marker.volume_id);
}

Status Pipeline::end_approval() {
    auto& used = marker_->used_approvals;
    used.push_back(std::exchange(marker_->approved_plan, {}));
    if (std::ssize(used) > kKeptApprovals) {
        used.erase(used.begin(), used.end() - kKeptApprovals);
    }
    return volume::write_marker(*volume_, *marker_);
}

/// Once nothing of the approved set is left to do. Where the run was stopped before, or was in
/// doubt, the approval still stands for what is left.
Status Pipeline::end_used_approval() {
    if (!approved_ || doubt_) {
        return {};
    }
    std::string left = GDS_TRY(delete_plan_id(*store_, Deletes::left));
    if (left.empty()) {
        return end_approval();
    }
    marker_->approved_plan = std::move(left);
    return volume::write_marker(*volume_, *marker_);
}

/// What status and approve need to know of this run's verdict, before anything is deleted.
Status Pipeline::keep_verdict() {
    const volume::Marker before = *marker_;
    if (!doubt_) {
        if (!marker_->approved_plan.empty() && !approved_) {
            // Void: the set is another one by now.
            GDS_CHECK(end_approval());
        }
        marker_->withheld_plan = withheld_ ? record_.plan : "";
    }
    if (before.withheld_plan != marker_->withheld_plan) {
        GDS_CHECK(volume::write_marker(*volume_, *marker_));
    }
    std::string first;
    if (withheld_) {
        Query query(store_->db(), "SELECT path FROM action WHERE kind = ? ORDER BY seq LIMIT 5",
                    number(ActionKind::remove));
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                break;
            }
            first += first.empty() ? "" : std::string(1, kBetweenPaths);
            first += query.text(0);
        }
    }
    if (!doubt_) {
        GDS_CHECK(store_->set_meta("withheld_paths", first));
        GDS_CHECK(store_->set_meta("withheld_deletes", std::to_string(record_.withheld_deletes)));
    }
    return {};
}

Pipeline::Phase Pipeline::make_room() {
    const std::int64_t keep_bytes = settings_.trash_max_size;
    const auto left =
        volume::expire_trash(*volume_, settings_.trash_keep, keep_bytes, record_.started_ms);
    auto space = volume_->space();
    if (!left || !space) {
        return fail_destination(!left ? left.error() : space.error());
    }
    if (record_.bytes_planned + kSpareBytes <= space->free_bytes) {
        return std::nullopt;
    }
    const auto wanted = bytes_to_fetch(*store_);  // what was withheld meanwhile needs no room
    const auto taken = keep_useful_partials(*store_, *volume_);
    space = volume_->space();
    if (!wanted || !taken || !space) {
        const Error& problem = !wanted ? wanted.error() : !taken ? taken.error() : space.error();
        return fail_destination(problem);
    }
    const std::int64_t needed = *wanted - *taken;
    if (*wanted == 0 || needed + kSpareBytes <= space->free_bytes) {
        return std::nullopt;
    }
    const auto runs = volume::list_trash(*volume_);
    for (const volume::TrashRun& run : runs ? *runs : std::vector<volume::TrashRun>()) {
        if (run.run_id == record_.id || needed + kSpareBytes <= space->free_bytes) {
            continue;
        }
        log::warn("the volume is nearly full: removed files are dropped from the trash early",
                  {{"trash", run.run_id}, {"bytes", run.bytes}});
        if (const Status dropped = volume::drop_trash_run(*volume_, run.run_id); !dropped) {
            return fail_destination(dropped.error());
        }
        space = volume_->space();
        if (!space) {
            return fail_destination(space.error());
        }
    }
    if (needed + kSpareBytes > space->free_bytes) {
        return fail(
            ExitCode::destination,
            error(
                Code::disk_full,
                fmt::format("the plan needs {}, besides {} that stay free, and the volume has {} "
                            "free: nothing was downloaded. Enlarge the volume, or mirror less with "
                            "--exclude or --max-size",
                            format_size(needed), format_size(kSpareBytes),
                            format_size(space->free_bytes))));
    }
    return std::nullopt;
}

Pipeline::Phase Pipeline::fetch(Removal& removal) {
    FetchOptions options;
    options.export_formats = settings_.export_formats;
    options.now_ms = record_.started_ms;
    options.in_doubt = doubt_.has_value();
    options.transfers.transfers = settings_.transfers > 0 ? settings_.transfers : kDefaultTransfers;
    options.transfers.file_mode = settings_.file_mode;
    const std::int64_t files = record_.counts.download + record_.counts.update;
    options.progress = [this, files](const transfer::Progress& done) {
        show("downloading", done.files_done, files, done.bytes_done, record_.bytes_planned);
    };
    engine_->set_max_connections(std::max(options.transfers.transfers, kDownloadConnections));
    Fetch fetch(*store_, *volume_, *engine_, *api_, *trash_, removal, options, cancel_);
    const auto fetched = fetch.run();
    if (!fetched) {
        const bool auth = fetched.error().code == Code::unauthenticated;
        return auth ? fail_source(fetched.error()) : fail_destination(fetched.error());
    }
    record_.bytes_downloaded = fetched->bytes;
    record_.failures = fetched->failures;
    refreshed_ = fetched->refreshed;
    return std::nullopt;
}

Pipeline::Phase Pipeline::finish() {
    if (cancel_.stopped()) {
        return fail(ExitCode::partial, error(Code::cancelled, "stopped"));
    }
    if (!settings_.dry_run()) {
        Status done = doubt_ ? Status() : tidy();
        if (done && record_.failures.empty() && !doubt_ && !moves_are_unfinished(*store_)) {
            // Nothing is left to be continued, so that no partial is of use.
            done = transfer::clean_staging(*volume_);
        }
        if (!done) {
            return fail_destination(done.error());
        }
        prepare_next_feed();
    }
    if (doubt_) {
        return fail_source(*doubt_);
    }
    return std::nullopt;
}

/// What is not known then has the next run list more than it would have to.
void Pipeline::prepare_next_feed() {
    const Status looked = unchanged_ || doubt_ ? Status() : snapshot_->look_above_targets(root_);
    if (!looked) {
        log::warn("the folders above what shortcuts lead to could not be looked up",
                  {{"because", looked.error().message}});
    }
}

/// The token never runs ahead of the work: both are recorded in one transaction.
Status Pipeline::tidy() {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_->db()));
    if (!unchanged_) {
        Removal removal(*store_, *volume_, *trash_, !withheld_, cancel_);
        GDS_CHECK(removal.forget_vanished());
        GDS_CHECK(store_->db().run(
            "DELETE FROM parked WHERE (item, via) NOT IN (SELECT w.item, w.via FROM action a"
            " JOIN wanted w ON w.n = a.wanted WHERE w.skip IS NULL AND a.outcome <> ?)",
            number(ActionOutcome::done)));
        GDS_CHECK(settle_snapshot());
        GDS_CHECK(settle_plan());
    }
    GDS_CHECK(store_->set_meta(kFeedToken, next_token_));
    GDS_CHECK(remember_scan());
    return transaction.commit();
}

/// Where something of the volume was not as the record has it and still is not, or was in the way,
/// the next run looks at it again, due or not.
Status Pipeline::remember_scan() {
    if (settings_.scan_interval.count() == 0) {
        return {};
    }
    Query left(store_->db(),
               "SELECT 1 FROM action WHERE outcome NOT IN (?, ?) AND kind <> ?"
               " AND (kind IN (?, ?) OR stray <> 0 OR entry IN (SELECT entry FROM drift))"
               " UNION ALL SELECT 1 FROM parked WHERE reason IN ('conflict', 'blocked') LIMIT 1",
               number(ActionOutcome::done), number(ActionOutcome::skipped),
               number(ActionKind::skip), number(ActionKind::mkdir), number(ActionKind::rename));
    const bool again = GDS_TRY(left.next());
    if (again) {
        return store_->set_meta(kLastScan, "");
    }
    return scanned_ ? store_->set_meta(kLastScan, std::to_string(record_.started_ms)) : Status();
}

Status Pipeline::settle_snapshot() {
    GDS_CHECK(snapshot_->settle(root_));
    GDS_CHECK(store_->set_meta(kFeedTerms, terms_->text()));
    GDS_CHECK(store_->set_meta(kFeedRoot, source_->folder.id));
    if (snapshot_->foreign() || record_.full_listing) {
        GDS_CHECK(store_->set_meta(kForeign, snapshot_->foreign() ? "1" : ""));
    }
    std::string path_ids;
    for (const std::string& id : source_->path_ids) {
        path_ids += (path_ids.empty() ? "" : "\n") + id;
    }
    if (!path_ids.empty()) {
        GDS_CHECK(store_->set_meta(kPathIds, path_ids));
    }
    if (record_.full_listing) {
        record_.feed_misses = snapshot_->surprises();
        GDS_CHECK(store_->set_meta(kLastFullListing, std::to_string(record_.started_ms)));
        GDS_CHECK(remember_road());
    }
    if (record_.feed_misses > 0) {
        log::warn("the full listing found what the change feed had not told",
                  {{"items", record_.feed_misses}});
    }
    return {};
}

Result<bool> Pipeline::nothing_is_left() {
    if (withheld_ || refreshed_ || !record_.failures.empty() || moves_are_unfinished(*store_)) {
        return false;
    }
    Query left(store_->db(),
               "SELECT 1 FROM action WHERE outcome <> ? AND kind <> ? UNION ALL"
               " SELECT 1 FROM parked WHERE reason <> ? LIMIT 1",
               number(ActionOutcome::done), number(ActionKind::skip), kRefused);
    return !GDS_TRY(left.next());
}

/// What the next run needs to know in order to see that there is nothing to do.
Status Pipeline::settle_plan() {
    const bool settled = GDS_TRY(nothing_is_left());
    if (!settled) {
        return {};
    }
    GDS_CHECK(store_->db().execute("DELETE FROM skipped"));
    GDS_CHECK(
        store_->db().run("INSERT INTO skipped(path, reason, id) SELECT path, reason, id FROM action"
                         " WHERE kind = ? ORDER BY seq",
                         number(ActionKind::skip)));
    Query parked(store_->db(), "SELECT count(*) FROM parked");
    GDS_CHECK(parked.next());
    GDS_CHECK(store_->set_meta("source_files", std::to_string(source_files_)));
    GDS_CHECK(
        store_->set_meta("unchanged_files", std::to_string(source_files_ - parked.integer(0))));
    return store_->set_meta(kSettled, settled_terms());
}

std::string Pipeline::settled_terms() const {
    return fmt::format("{} {}", terms_->text(), settings_.delete_unmanaged ? "delete" : "keep");
}

}  // namespace gds::run
