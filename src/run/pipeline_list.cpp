#include "gds/base/log.h"
#include "pipeline.h"

#include <fmt/core.h>

#include <utility>

// What the source holds by now: from the change feed, or listed in full.

namespace gds::run {

namespace {

constexpr const char* kAnotherSource = "another source folder";
constexpr std::int64_t kDayMs = 24 * 3600 * std::int64_t{1000};
constexpr std::int64_t kFlatAtMostMs = 7 * kDayMs;
constexpr std::int64_t kDistrustMs = 30 * kDayMs;
/// What leaves a list faster than it is read is left to the next full listing.
constexpr int kMostReplays = 3;

/// Names the first folder in doubt, as Drive calls it.
Error doubt_about(state::Store& store, const std::vector<drive::Doubt>& doubts) {
    const drive::Doubt& first = doubts.front();
    const auto number = store.intern(first.folder.id);
    const auto item = number ? store.item(*number) : Result<std::optional<model::Item>>();
    const std::string named =
        item && *item
            ? fmt::format("folder \"{}\" (id {}): ", printable((*item)->name), (*item)->id)
            : std::string();
    return error(Code::incomplete,
                 fmt::format("the listing is incomplete ({} in doubt), so nothing is deleted or "
                             "renamed; first: {}{}",
                             plural(static_cast<std::int64_t>(doubts.size()), "folder"), named,
                             first.error.message));
}

bool is_ours(const Error& problem) {
    return problem.code == Code::disk_full || problem.code == Code::read_only ||
           problem.code == Code::io;
}

}  // namespace

/// "" where the change feed will do.
Result<std::string> Pipeline::reason_for_full_listing() {
    if (resync_ || settings_.full) {
        return std::string("it was asked for");
    }
    const std::string token = GDS_TRY(store_->meta(kFeedToken));
    if (token.empty() || !marker_ || marker_->root_id.empty()) {
        return std::string("no change token is known");
    }
    const std::string recorded = GDS_TRY(store_->meta(kFeedTerms));
    if (const auto other = terms_->difference(recorded)) {
        return *other;
    }
    const std::string root = GDS_TRY(store_->meta(kFeedRoot));
    if (root != marker_->root_id) {
        return std::string(kAnotherSource);
    }
    const std::string foreign = GDS_TRY(store_->meta(kForeign));
    if (!foreign.empty()) {
        return std::string("shortcuts lead into another drive, of which the feed tells nothing");
    }
    const std::int64_t last = GDS_TRY(store_->number(kLastFullListing));
    return is_due(last, settings_.full_interval.count(), record_.started_ms)
               ? std::string("the last one is older than --full-interval")
               : std::string();
}

Pipeline::Phase Pipeline::list() {
    snapshot_ = std::make_unique<Snapshot>(*store_, *engine_, *api_, *filter_,
                                           [this](std::int64_t n) { show("listing", n); });
    if (Phase failure = follow_feed()) {
        return failure;
    }
    const auto root = store_->intern(source_->folder.id);
    if (!root) {
        return fail_destination(root.error());
    }
    root_ = *root;
    return why_full_.empty() ? std::nullopt : list_fully();
}

std::unique_ptr<Feed> Pipeline::make_feed() {
    const SourceSettings settings = effective_source(settings_.source, credentials_);
    Feed::Place place{source_->folder.id, {}, {}};
    const auto recorded = store_->meta(kPathIds);
    if (settings.id.empty() && recorded) {
        for (const std::string& id : split(*recorded, '\n')) {
            place.path_ids.insert(id);
        }
        for (const std::string& name : split(settings.path, '/')) {
            place.path_names.insert(name);
        }
    }
    feed_api_ = std::make_unique<drive::Api>(*engine_, settings_.drive_endpoint,
                                             drive::Corpus{source_->folder.drive_id});
    return std::make_unique<Feed>(*store_, *engine_, *feed_api_, *snapshot_, std::move(place),
                                  [this](std::int64_t n) { show("changes", n); });
}

/// The feed told of something on the source's path.
Pipeline::Phase Pipeline::look_for_source_again() {
    const std::string before = source_->folder.id;
    if (Phase failure = look_for_source(true)) {
        return failure;
    }
    if (source_->folder.id != before) {
        why_full_ = kAnotherSource;
        next_token_.clear();
    }
    return std::nullopt;
}

/// Where the feed goes on from; "" where it has to begin anew.
Result<std::string> Pipeline::usable_token() {
    std::string token = GDS_TRY(store_->meta(kFeedToken));
    const std::string recorded = GDS_TRY(store_->meta(kFeedTerms));
    return token.empty() || terms_->difference(recorded) ? std::string() : std::move(token);
}

/// A full listing begins with a token. It is on its way while the source is looked for.
Status Pipeline::ask_for_token() {
    const std::string usable = GDS_TRY(usable_token());
    if (!why_full_.empty() && usable.empty()) {
        early_token_ = std::make_shared<std::optional<Result<std::string>>>();
        api_->start_page_token(
            [kept = early_token_](Result<std::string> token) { kept->emplace(std::move(token)); });
    }
    return {};
}

Result<std::string> Pipeline::start_token() {
    const bool of_this_drive = api_->corpus().drive_id == source_->folder.drive_id;
    if (!early_token_ || !of_this_drive) {
        return feed_api_->start_page_token();
    }
    while (!*early_token_) {
        if (!engine_->pump() && !*early_token_) {
            return error(Code::internal, "the change token was never answered");
        }
    }
    return **early_token_;
}

/// Before a full listing too, so that what the feed did not tell can be counted.
Pipeline::Phase Pipeline::follow_feed() {
    feed_ = make_feed();
    const auto token = usable_token();
    if (!token) {
        return fail_destination(token.error());
    }
    if (token->empty()) {
        return std::nullopt;
    }
    auto news = feed_->follow(*token);
    if (news) {
        next_token_ = news->token;
        snapshot_->expect_nothing_new();
        news_ = news->any;
        if (why_full_.empty() && !news->unreadable.empty()) {
            why_full_ = "the change feed holds what makes no sense: " + news->unreadable;
            return look_for_source(true);
        }
        if (why_full_.empty() && news->above_targets) {
            why_full_ = "a folder came or went, and shortcuts may lead into it";
            return look_for_source(true);
        }
        return news->path && why_full_.empty() ? look_for_source_again() : std::nullopt;
    }
    if (is_ours(news.error())) {
        return fail_destination(news.error());
    }
    if (drive::rejects_page_token(news.error())) {
        why_full_ = "Drive does not accept the change token any more";
        return look_for_source(true);
    }
    return why_full_.empty() || drive::ends_run(news.error()) ? fail_source(news.error())
                                                              : std::nullopt;
}

/// Where the feed begins after a full listing: before it, or what changes meanwhile would be lost.
Pipeline::Phase Pipeline::begin_feed() {
    if (!next_token_.empty()) {
        return std::nullopt;
    }
    auto token = start_token();
    if (token) {
        next_token_ = std::move(*token);
        return std::nullopt;
    }
    if (drive::ends_run(token.error())) {
        return fail_source(token.error());
    }
    log::warn("the change feed cannot be used, so that the next run lists the whole folder again",
              {{"because", token.error().message}});
    return std::nullopt;
}

Pipeline::Phase Pipeline::list_fully() {
    record_.full_listing = true;
    log::info("listing the whole folder", {{"because", why_full_}});
    const bool followed = !next_token_.empty();
    if (Phase failure = begin_feed()) {
        return failure;
    }
    const auto forgotten = [&]() -> Status {
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_->db()));
        GDS_CHECK(store_->set_meta(kFeedToken, ""));
        GDS_CHECK(store_->set_meta(kSettled, ""));
        return transaction.commit();
    }();
    if (!forgotten) {
        return fail_destination(forgotten.error());
    }
    const auto road = choose_road();
    if (!road) {
        return fail_destination(road.error());
    }
    if (Phase failure = take_listing(snapshot_->list(source_->folder, *road))) {
        return failure;
    }
    if (Phase failure = doubt_ ? std::nullopt : look_above_targets()) {
        return failure;
    }
    const bool flat = snapshot_->by_corpus() || snapshot_->corpus_fell_short();
    const bool paged = snapshot_->takes_pages();
    const bool replay =
        !next_token_.empty() && (!followed || snapshot_->surprises() > 0 || flat || paged);
    if (doubt_ || !replay) {
        return std::nullopt;
    }
    if (Phase failure = replay_feed()) {
        return failure;
    }
    const bool was_still = still_;
    if (Phase failure = replay_after_pages()) {
        return failure;
    }
    if (was_still && snapshot_->corpus_fell_short()) {
        const Status noted = distrust_corpus();
        return noted ? Phase() : fail_destination(noted.error());
    }
    return std::nullopt;
}

/// Before the feed is read, so that it is seen which of its folders are of interest.
Pipeline::Phase Pipeline::look_above_targets() {
    const Status looked = snapshot_->look_above_targets(root_);
    if (looked) {
        return std::nullopt;
    }
    return is_ours(looked.error()) ? fail_destination(looked.error()) : fail_source(looked.error());
}

/// What changed while the lists were read, and what has to be listed for that.
Pipeline::Phase Pipeline::replay_feed() {
    const auto news = feed_->follow(next_token_);
    if (news) {
        next_token_ = news->asks_for_listing() ? "" : news->token;  // by the next run
        still_ = news->entries == 0;
    } else if (drive::ends_run(news.error()) || is_ours(news.error())) {
        return is_ours(news.error()) ? fail_destination(news.error()) : fail_source(news.error());
    } else {
        log::warn("what changed during the listing is left to the next run",
                  {{"because", news.error().message}});
    }
    if (snapshot_->by_corpus() && !still_) {
        // Pages of a list shift where something comes or goes, and what slipped through between two
        // of them is told by no feed.
        log::info("the account changed while it was listed flat; each folder is listed by itself");
        return take_listing(snapshot_->list_by_folder(source_->folder));
    }
    return news && snapshot_->wants_more() ? take_listing(snapshot_->list_wanted(source_->folder))
                                           : std::nullopt;
}

/// Again, for as long as what is listed for it takes pages that may have shifted in turn.
Pipeline::Phase Pipeline::replay_after_pages() {
    for (int round = 0; round < kMostReplays; ++round) {
        const bool may_have_shifted = snapshot_->takes_pages() && !doubt_ && !next_token_.empty();
        if (!may_have_shifted) {
            return std::nullopt;
        }
        if (Phase failure = replay_feed()) {
            return failure;
        }
    }
    return std::nullopt;
}

/// A flat listing of the account only where it can be seen to be whole: the feed tells whether
/// anything changed meanwhile. What it may lack all the same is found by asking every folder once a
/// week, and by a resync.
Result<Road> Pipeline::choose_road() {
    if (source_->whole_drive) {
        return Road::whole_drive;
    }
    if (resync_ || next_token_.empty() || !source_->folder.owned_by_me) {
        return Road::folders;
    }
    const std::int64_t since = GDS_TRY(store_->number(kFlatSince));
    const std::int64_t not_before = GDS_TRY(store_->number(kFlatNotBefore));
    const bool distrusted =
        record_.started_ms < not_before && not_before - record_.started_ms <= kDistrustMs;
    const bool is_old = since > 0 && is_due(since, kFlatAtMostMs, record_.started_ms);
    return distrusted || is_old ? Road::folders : Road::folders_or_corpus;
}

/// A flat listing fell short: full listings do without, or each would be in doubt again.
Status Pipeline::distrust_corpus() {
    log::warn("the flat listing of the account was not whole; for 30 days none is made");
    return store_->set_meta(kFlatNotBefore, std::to_string(record_.started_ms + kDistrustMs));
}

/// How long full listings have been flat.
Status Pipeline::remember_road() {
    if (snapshot_->corpus_unfinished()) {
        // The account is too large for it, and will be tomorrow.
        GDS_CHECK(
            store_->set_meta(kFlatNotBefore, std::to_string(record_.started_ms + kFlatAtMostMs)));
    }
    if (!snapshot_->by_corpus()) {
        return store_->set_meta(kFlatSince, "");
    }
    if (withheld_) {
        return store_->set_meta(kFlatSince, "1");  // long enough ago for the next one to be another
    }
    const std::int64_t since = GDS_TRY(store_->number(kFlatSince));
    return since > 0 ? Status() : store_->set_meta(kFlatSince, std::to_string(record_.started_ms));
}

Pipeline::Phase Pipeline::take_listing(const Result<drive::ListingResult>& listing) {
    if (!listing) {
        return is_ours(listing.error()) ? fail_destination(listing.error())
                                        : fail_source(listing.error());
    }
    if (!listing->complete && !doubt_) {
        doubt_ = doubt_about(*store_, listing->doubts);
    }
    return std::nullopt;
}

}  // namespace gds::run
