#include "adoption.h"
#include "feed.h"
#include "gds/base/log.h"
#include "gds/drive/quota.h"
#include "pipeline.h"
#include "planning.h"
#include "projection.h"
#include "scan.h"
#include "visibility.h"

#include <fmt/core.h>

#include <utility>

// What the source is, what the destination holds, and what has to be done about it.

namespace gds::run {

using state::Query;

namespace {

constexpr int kApiConnections = 64;  // at most: the engine finds how many are of use

/// Damage may keep size and time, so that no later scan would see it: what is not there any more is
/// not recorded any more, whatever becomes of this run.
Status forget_damaged(state::Store& store) {
    return store.db().run(
        "UPDATE entry SET content = '', digest = ''"
        " WHERE n IN (SELECT entry FROM drift WHERE what = 'changed')"
        " AND n IN (SELECT entry FROM wanted WHERE entry <> 0)");
}

}  // namespace

Pipeline::Phase Pipeline::open_source() {
    http::Options options = settings_.http;
    options.max_connections = kApiConnections;
    tokens_ = std::make_unique<auth::TokenSource>(credentials_, settings_.token_endpoint,
                                                  settings_.drive_endpoint, options, cancel_);
    if (const auto token = tokens_->token(); !token) {
        const bool wrong_input = token.error().code == Code::invalid_argument;
        return wrong_input ? fail(ExitCode::usage, token.error()) : fail_source(token.error());
    }
    options.max_cost_once_limited = settings_.quota == 0;
    options.max_cost =
        settings_.quota > 0 ? settings_.quota : drive::quota_a_minute(settings_.drive_endpoint);
    engine_ = std::make_unique<http::Engine>(options, cancel_, tokens_.get());
    const SourceSettings source = effective_source(settings_.source, credentials_);
    api_ = std::make_unique<drive::Api>(*engine_, settings_.drive_endpoint,
                                        drive::Corpus{source.drive_id});
    terms_.emplace(source, credentials_, *filter_, settings_.export_formats);
    auto why = reason_for_full_listing();
    if (!why) {
        return fail_destination(why.error());
    }
    why_full_ = std::move(*why);
    if (const Status asked = ask_for_token(); !asked) {
        return fail_destination(asked.error());
    }
    return look_for_source(!why_full_.empty());
}

Pipeline::Phase Pipeline::look_for_source(bool by_path) {
    auto found = by_path ? find_source(*api_, settings_.source, credentials_, marker_)
                         : check_pinned_source(*api_, settings_.source, credentials_, *marker_);
    const bool elsewhere =
        !found && !by_path &&
        (found.error().code == Code::not_found || found.error().code == Code::conflict);
    if (elsewhere) {
        return look_for_source(true);  // what the path means now says more
    }
    if (!found) {
        return fail_source(found.error().context("the source folder"));
    }
    source_ = std::move(*found);
    record_.source_id = source_->folder.id;
    return std::nullopt;
}

Pipeline::Phase Pipeline::plan() {
    const auto unchanged = find_unchanged();
    if (!unchanged) {
        return fail_destination(unchanged.error());
    }
    unchanged_ = *unchanged;
    if (unchanged_) {
        planned_ = true;
        return std::nullopt;
    }
    if (const Status unsettled = store_->set_meta(kSettled, ""); !unsettled) {
        return fail_destination(unsettled.error());
    }
    if (Phase failure = project()) {
        return failure;
    }
    return compare_destination();
}

/// True where the last plan left nothing to do, the feed told nothing since, and the destination is
/// as it was left: there is no need to look at every item again.
Result<bool> Pipeline::find_unchanged() {
    const std::string settled = GDS_TRY(store_->meta(kSettled));
    const bool nothing_new = why_full_.empty() && !doubt_ && !news_ && settled == settled_terms();
    if (!nothing_new) {
        return false;
    }
    Query due(store_->db(), "SELECT 1 FROM parked WHERE next_try_ms <= ?", record_.started_ms);
    const bool retries = GDS_TRY(due.next());
    if (retries) {
        return false;
    }
    const state::Store::Totals totals = GDS_TRY(store_->remembered_totals());
    volume_files_ = totals.files;
    const bool scanning = GDS_TRY(scan_is_due());
    if (scanning) {
        GDS_CHECK(find_invisible(*store_, *filter_));
        GDS_CHECK(scan());
        const bool strayed = GDS_TRY(any(store_->db(),
                                         "SELECT 1 FROM drift UNION ALL SELECT 1"
                                         " FROM stray LIMIT 1"));
        if (strayed) {
            return false;
        }
    }
    source_files_ = GDS_TRY(store_->number("source_files"));
    record_.counts.unchanged = GDS_TRY(store_->number("unchanged_files"));
    GDS_CHECK(store_->db().run(
        "INSERT INTO action(kind, path, reason, id, outcome) SELECT ?, path, reason, id, ?"
        " FROM skipped ORDER BY seq",
        static_cast<std::int64_t>(model::ActionKind::skip),
        static_cast<std::int64_t>(model::ActionOutcome::skipped)));
    return true;
}

/// The tree that the source asks for. What it leads to and nobody has listed yet is listed first.
Pipeline::Phase Pipeline::project() {
    for (;;) {
        Projection projection(*store_, *filter_, settings_.export_formats, *snapshot_);
        const auto build = [&]() -> Status {
            state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_->db()));
            GDS_CHECK(projection.build(root_));
            return transaction.commit();
        };
        if (const Status projected = build(); !projected) {
            return fail_destination(projected.error());
        }
        source_files_ = projection.files();
        if (!snapshot_->wants_more()) {
            return std::nullopt;
        }
        if (Phase failure = take_listing(snapshot_->list_wanted(source_->folder))) {
            return failure;
        }
        if (Phase failure = replay_after_pages()) {
            return failure;
        }
    }
}

Result<bool> Pipeline::scan_is_due() {
    const std::int64_t last = GDS_TRY(store_->number(kLastScan));
    return resync_ || store_->was_left_open() ||
           is_due(last, settings_.scan_interval.count(), record_.started_ms);
}

/// The scan's directories: the volume is read while the source is asked what is new.
void Pipeline::read_ahead() {
    if (!directories_) {
        const auto enters = [this](const std::string& path) { return filter_->includes_dir(path); };
        directories_ = std::make_unique<volume::ReadAhead>(*volume_, enters, cancel_);
    }
}

Status Pipeline::scan() {
    ScanOptions scanning;
    scanning.hash_everything = resync_;
    scanning.own_files.insert(settings_.own_files.begin(), settings_.own_files.end());
    scanning.progress = [this](std::int64_t files, std::int64_t bytes) {
        show("scanning", files, 0, bytes);
    };
    read_ahead();
    Scan scan(*store_, *volume_, *directories_, *filter_, scanning, cancel_);
    GDS_CHECK(scan.run());
    directories_.reset();
    volume_files_ = scan.files();
    scanned_ = true;
    return {};
}

/// A scan made before the projection did not know all that a filter leaves out.
Status Pipeline::scan_after_projection() {
    const std::int64_t before = GDS_TRY(count_invisible(*store_));
    GDS_CHECK(find_invisible(*store_, *filter_));
    if (scanned_) {
        if (GDS_TRY(count_invisible(*store_)) == before) {
            return {};
        }
        GDS_CHECK(store_->db().execute("DELETE FROM drift; DELETE FROM stray; DELETE FROM held"));
        return scan();
    }
    const bool due = GDS_TRY(scan_is_due());
    if (due) {
        return scan();
    }
    GDS_CHECK(hold_invisible(*store_));
    const state::Store::Totals totals = GDS_TRY(store_->totals());
    volume_files_ = totals.files - GDS_TRY(count_invisible_files(*store_));
    return {};
}

Pipeline::Phase Pipeline::compare_destination() {
    if (const Status scanned = scan_after_projection(); !scanned) {
        return fail_destination(scanned.error());
    }
    AdoptionOptions adopting;
    adopting.export_formats = settings_.export_formats;
    adopting.in_doubt = doubt_.has_value();
    adopting.progress = [this](std::int64_t files) { show("comparing", files); };
    Adoption adoption(*store_, *volume_, adopting, cancel_);
    if (const Status adopted = adoption.run(); !adopted) {
        return fail_destination(adopted.error());
    }
    if (adoption.adopted() > 0) {
        log::info("adopted files that were already there", {{"files", adoption.adopted()}});
    }
    return make_plan();
}

Pipeline::Phase Pipeline::make_plan() {
    PlanningOptions planning;
    planning.export_formats = settings_.export_formats;
    planning.delete_unmanaged = settings_.delete_unmanaged;
    planning.in_doubt = doubt_.has_value();
    planning.retry_parked = resync_;
    planning.now_ms = record_.started_ms;
    planning.listed = [this](state::ItemNo folder) {
        return snapshot_->listed(folder == 0 ? root_ : folder);
    };
    Planning planner(*store_, planning);
    if (const Status made = planner.run(); !made) {
        return fail_destination(made.error());
    }
    Status noted = forget_damaged(*store_);
    if (noted && resync_ && !settings_.dry_run() && !doubt_) {
        noted = remember_resync();
    }
    if (!noted) {
        return fail_destination(noted.error());
    }
    record_.counts.unchanged = planner.unchanged();
    planned_ = true;
    return std::nullopt;
}

/// From here on the rest is what any sync does: what the resync found is recorded, so that the same
/// id, given again by a pod that is retried, does not start over.
Status Pipeline::remember_resync() {
    constexpr std::ptrdiff_t kKept = 100;
    auto& ids = marker_->resync_ids;
    if (settings_.resync_id.empty()) {
        return {};
    }
    ids.push_back(settings_.resync_id);
    if (std::ssize(ids) > kKept) {
        ids.erase(ids.begin(), ids.end() - kKept);
    }
    return volume::write_marker(*volume_, *marker_);
}

}  // namespace gds::run
