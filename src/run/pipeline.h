#pragma once

#include "feed.h"
#include "fetch.h"
#include "gds/auth/token_source.h"
#include "gds/drive/api.h"
#include "gds/model/run.h"
#include "gds/report/exposition.h"
#include "gds/report/progress.h"
#include "gds/run/run.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"
#include "gds/volume/read_ahead.h"
#include "gds/volume/trash.h"
#include "gds/volume/volume.h"
#include "snapshot.h"
#include "source.h"
#include "status_file.h"
#include "terms.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gds::run {

/// What a run's id begins with: the second it started in, so that ids sort by time.
std::string run_stamp(std::int64_t now_ms);

/// One run, phase by phase. Each phase either adds to the record or ends the run with a failure
/// that is mapped to an exit code where it happens.
class Pipeline {
public:
    Pipeline(const Settings& settings, Cancel& cancel, const Output& output);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    ExitCode run();

private:
    /// Ends the run: what to say, and the exit code it means.
    struct Failure {
        ExitCode code = ExitCode::internal;
        Error problem;
    };
    using Phase = std::optional<Failure>;

    Phase go();
    Phase prepare_inputs();
    Phase open_destination();
    Phase open_state();
    Status check_volume(const std::string& database);
    Status begin_state();
    Phase open_source();
    Phase look_for_source(bool by_path);
    Phase look_for_source_again();
    Result<std::string> reason_for_full_listing();
    Phase list();
    std::unique_ptr<Feed> make_feed();
    Phase follow_feed();
    Phase begin_feed();
    Result<std::string> usable_token();
    Status ask_for_token();
    Result<std::string> start_token();
    Result<Road> choose_road();
    Phase list_fully();
    Phase look_above_targets();
    Phase replay_feed();
    Phase replay_after_pages();
    Status distrust_corpus();
    Status remember_road();
    Phase take_listing(const Result<drive::ListingResult>& listing);
    Phase plan();
    Result<bool> find_unchanged();
    Phase project();
    Result<bool> scan_is_due();
    void read_ahead();
    Status scan();
    Status scan_after_projection();
    Phase compare_destination();
    Phase make_plan();
    Status remember_resync();
    Phase judge();
    Phase confirm();
    Phase apply();
    Phase make_room();
    Phase fetch(Removal& removal);
    Phase finish();
    void prepare_next_feed();
    Status tidy();
    Status remember_scan();
    Status settle_snapshot();
    Status settle_plan();
    Result<bool> nothing_is_left();
    [[nodiscard]] std::string settled_terms() const;
    Status pin_source();
    Status keep_verdict();
    Status end_approval();
    Status end_used_approval();

    void name_source();
    void finish_record();
    void judge_outcome();
    void measure();
    Status remember_run();
    void write_outputs();
    void count_requests();
    Status answer();
    Status push_metrics();
    [[nodiscard]] bool withheld() const { return withheld_; }
    Phase fail(ExitCode code, const Error& problem) const;
    Phase fail_source(const Error& problem) const;
    Phase fail_destination(const Error& problem) const;
    void show(const std::string& phase, std::int64_t files, std::int64_t files_total = 0,
              std::int64_t bytes = 0, std::int64_t bytes_total = 0);

    const Settings& settings_;
    Cancel& cancel_;
    const Output& output_;
    model::RunRecord record_;
    std::chrono::steady_clock::time_point began_;

    std::optional<tree::Filter> filter_;
    auth::Credentials credentials_;
    std::optional<volume::Volume> volume_;
    std::optional<volume::Lock> lock_;
    std::optional<volume::Marker> marker_;
    std::optional<state::Store> store_;
    std::optional<StatusFile> status_file_;
    std::unique_ptr<auth::TokenSource> tokens_;
    std::unique_ptr<http::Engine> engine_;
    std::unique_ptr<drive::Api> api_;
    std::optional<Source> source_;
    state::ItemNo root_ = 0;
    std::unique_ptr<drive::Api> feed_api_;  ///< bound to the log of the drive the source lies in
    std::optional<Terms> terms_;
    std::string why_full_;  ///< a reason for a full listing; "": the change feed does
    std::unique_ptr<Snapshot> snapshot_;
    std::unique_ptr<Feed> feed_;
    /// Where a feed that begins anew would begin; empty until the answer is there.
    std::shared_ptr<std::optional<Result<std::string>>> early_token_;
    std::string next_token_;  ///< for the next run, once this one's work is recorded
    bool news_ = false;       ///< the feed told of something
    bool unchanged_ = false;  ///< nothing is new anywhere: no plan was made, the last one stands
    bool resync_ = false;     ///< every local file is read, what is parked is tried again
    bool scanned_ = false;
    bool still_ = false;          ///< the account did not change during a full listing
    bool refreshed_ = false;      ///< an item changed again while it was fetched
    std::optional<Error> doubt_;  ///< the listing is not to be trusted for deletes
    std::unique_ptr<volume::ReadAhead> directories_;  ///< until the scan has taken them
    std::optional<volume::Trash> trash_;
    std::int64_t source_files_ = 0;
    std::int64_t volume_files_ = 0;
    bool withheld_ = false;
    bool approved_ = false;         ///< a guard tripped, and an operator approved exactly this plan
    bool hold_everything_ = false;  ///< an empty source: nothing at all is done
    bool first_pin_ = false;        ///< no run before knew the folder's id
    bool planned_ = false;          ///< the plan in the action table is whole
    std::unique_ptr<report::Progress> progress_;
};

}  // namespace gds::run
