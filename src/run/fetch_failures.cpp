// What becomes of a download that failed: another round, by another road, parked, or left out.
#include "content.h"
#include "fetch.h"
#include "gds/base/log.h"

#include <algorithm>
#include <utility>

namespace gds::run {

using model::ActionOutcome;

namespace {

constexpr int kMaxRounds = 3;
constexpr std::string_view kTooLargeToExport = "exportSizeLimitExceeded";

/// Ten minutes after the first failure, then doubled, at most a day.
std::int64_t next_try(std::int64_t now_ms, std::int64_t attempts) {
    static constexpr std::int64_t kFirst = 10LL * 60 * 1000;
    static constexpr std::int64_t kDay = 24LL * 3600 * 1000;
    if (attempts <= 1) {
        return now_ms;  // the next tick
    }
    return now_ms + std::min(kDay, kFirst << std::min<std::int64_t>(attempts - 2, 10));
}

}  // namespace

Status Fetch::settle_failure(const Work& work, const transfer::Outcome& outcome) {
    const Error& problem = outcome.result.error();
    if (problem.code == Code::cancelled) {
        return {};
    }
    Detour& detour = detours_[work.seq];
    const bool another_way = problem.code == Code::mismatch ||
                             (problem.reason == kTooLargeToExport && detour.link.empty());
    if (another_way && ++detour.rounds < kMaxRounds) {
        if (work.item.in_photos && !outcome.actual_digest.empty()) {
            detour.digest = outcome.actual_digest;
        }
        next_round_.push_back(work.seq);
        round_errors_.insert_or_assign(work.seq, problem);
        return {};
    }
    if (drive::is_permanent_refusal(problem)) {
        // Tried again daily: owners change their minds. Not a failure of this run.
        state::Parked parked;
        parked.item = work.item_no;
        parked.via = work.via;
        parked.path = work.path;
        parked.reason = kRefused;
        parked.detail = problem.message;
        parked.content = content_key(work.item, work.extension);
        parked.attempts = 1;
        parked.next_try_ms = options_.now_ms + 24LL * 3600 * 1000;
        GDS_CHECK(store_.park(parked));
        log::warn("Drive refuses this file to this account; it is left out",
                  {{"path", work.path}, {"because", problem.message}});
        return set_outcome(store_, work.seq, ActionOutcome::skipped, problem.message);
    }
    return park(work, problem);
}

Status Fetch::park(const Work& work, const Error& problem) {
    const auto before = GDS_TRY(store_.parked(work.item_no, work.via));
    state::Parked parked;
    parked.item = work.item_no;
    parked.via = work.via;
    parked.path = work.path;
    // Something of the volume that is not there is nothing that Drive does not know.
    const bool is_local = problem.http_status == 0 && problem.code == Code::not_found;
    parked.reason = problem.message.compare(0, 8, "blocked:") == 0
                        ? "blocked"
                        : std::string(code_label(is_local ? Code::conflict : problem.code));
    parked.detail = problem.message;
    parked.content = content_key(work.item, work.extension);
    const bool same = before && before->content == parked.content;
    parked.attempts = same ? before->attempts + 1 : 1;
    parked.next_try_ms =
        parked.reason == "blocked" ? options_.now_ms : next_try(options_.now_ms, parked.attempts);
    GDS_CHECK(store_.park(parked));
    ++result_.failures[parked.reason];
    log::warn("could not bring this file up to date; its old copy stays and it is tried again",
              {{"path", work.path}, {"because", problem.message}});
    return set_outcome(store_, work.seq, ActionOutcome::failed, problem.message);
}

Status Fetch::prepare_again() {
    again_ = std::exchange(next_round_, {});
    for (const std::int64_t seq : again_) {
        GDS_CHECK(prepare_again(seq, detours_[seq]));
    }
    return {};
}

Status Fetch::prepare_again(std::int64_t seq, Detour& detour) {
    const auto works = GDS_TRY(load({seq}));
    if (works.empty()) {
        return {};
    }
    const Work& work = works.front();
    const drive::Ref ref = drive::ref_of(work.item);
    if (round_errors_.at(seq).reason == kTooLargeToExport) {
        const auto format = drive::export_format(work.item.mime_type, options_.export_formats);
        const auto links = api_.export_links(ref);
        if (links) {
            for (const auto& [mime, url] : *links) {
                detour.link = mime == format->mime_type ? url : detour.link;
            }
        }
        return {};
    }
    // The file may have changed between the listing and its bytes.
    const Result<model::Item> fresh = api_.get(ref);
    if (fresh && !fresh->trashed) {
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        model::Item item = *fresh;
        const auto recorded_item = GDS_TRY(store_.item(work.item_no));
        item.parent = recorded_item ? recorded_item->parent : item.parent;
        const state::Store::Upserted recorded = GDS_TRY(store_.upsert(item));
        result_.refreshed = result_.refreshed || recorded.changed;
        GDS_CHECK(transaction.commit());
    }
    return {};
}

}  // namespace gds::run
