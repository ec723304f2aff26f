#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/state/store.h"
#include "gds/transfer/downloads.h"
#include "gds/volume/volume.h"
#include "group_commit.h"
#include "removal.h"
#include "work_tables.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace gds::run {

/// Parked for what Drive never lets this account fetch: no failure, tried again now and then.
inline constexpr const char* kRefused = "refused";

struct FetchOptions {
    std::vector<std::string> export_formats;
    transfer::Options transfers;
    std::int64_t now_ms = 0;
    bool in_doubt = false;  ///< renames were withheld: what waits for one is withheld too
    std::function<void(const transfer::Progress&)> progress;
};

/// What came of it.
struct FetchResult {
    std::int64_t bytes = 0;
    std::map<std::string, std::int64_t> failures;  ///< by code_label
    bool refreshed = false;                        ///< an item changed again after it was planned
};

/// What a partial of an item's content is called. Two items of the same bytes are fetched each by
/// itself, and where chance gives two contents one key, the checksum tells. Short, since Linux
/// keeps names of up to 39 bytes in the directory entry itself.
std::string resume_key(const std::string& id, std::string_view digest);

/// Carries out a plan's downloads and updates: builds jobs from the action table, records what was
/// published group by group, and decides what a failure means: fetched again with fresh metadata,
/// by another road (large documents), skipped for good, or parked.
class Fetch {
public:
    Fetch(state::Store& store, const volume::Volume& volume, http::Engine& engine, drive::Api& api,
          volume::Trash& trash, Removal& removal, FetchOptions options, Cancel& cancel);

    /// Error: the destination's or the database's.
    Result<FetchResult> run();

private:
    Status fetch_all();
    Status fetch_round(transfer::Downloads& downloads);

    using Found = std::optional<volume::Stat>;
    /// How an item is asked for this time.
    struct Detour {
        std::string link;    ///< an exportLinks URL
        std::string digest;  ///< what the last complete download was, for Photos items
        int rounds = 0;
    };
    struct Work {
        std::int64_t seq = 0;
        state::EntryNo entry = 0;
        state::EntryNo place = -1;  ///< the folder it belongs in; -1: not there
        std::string name;
        std::string path;  ///< where that folder lies now, which a rename may not have reached
        std::string reason;
        state::ItemNo item_no = 0;
        state::Via via = 0;
        model::Item item;  ///< but for its parent's and target's ids
        std::string extension;
        Found there;  ///< what lay at its path when it was looked up
    };

    Status find_unmade();
    /// Files whose bytes are right already and whose mtime is not.
    Status touch_times();
    Status touch(const std::vector<Work>& works);
    Result<bool> is_as_seen(const Work& work);
    /// The next actions in order, a few at a time: touches, or what has to be fetched.
    Result<std::vector<Work>> next_works(std::int64_t after, bool touches);
    Status load_more();
    /// All of them that still have a row.
    Result<std::vector<Work>> load(const std::vector<std::int64_t>& seqs);
    Result<std::vector<Work>> works_of(state::Query& query);
    /// What lies at their paths.
    Status look_up(std::vector<Work>& works);
    Result<std::optional<transfer::Job>> make_job(const Work& work);
    /// Drive's checksum of the content, what it is fetched by, and the key that resumes it.
    void describe_file(const Work& work, transfer::Job& job);
    void describe_document(const Work& work, transfer::Job& job);
    Result<std::optional<transfer::Job>> next_job();
    Status commit(const std::vector<transfer::Outcome>& outcomes);
    Status record(const Work& work, const transfer::Published& published);
    /// Gives the actions that are done their outcome.
    Status mark_done();
    Status update(const state::Entry& entry);
    Status insert(const state::Entry& entry);
    /// What was recorded at the entry's path before it.
    Status forget_other(const state::Entry& entry);
    /// Its record; 0 where that gave way to another item's, which may have got its number.
    [[nodiscard]] state::EntryNo present_entry(const Work& work) const;
    Status settle_failure(const Work& work, const transfer::Outcome& outcome);
    Status park(const Work& work, const Error& problem);
    /// Before another round: fresh metadata and links for what asks for them.
    Status prepare_again();
    Status prepare_again(std::int64_t seq, Detour& detour);
    /// True where the file cannot land; its action and, where it is to be tried again, its parked
    /// row say why.
    Result<bool> blocked(const Work& work);
    /// A rename or folder that has to come first and did not; "" for none.
    Result<std::string> waits_for(const Work& work);
    /// True where something of another kind is in the way that may not be removed.
    Result<bool> occupied(const Work& work);

    state::Store& store_;
    const volume::Volume& volume_;
    http::Engine& engine_;
    drive::Api& api_;
    volume::Trash& trash_;
    Removal& removal_;
    FetchOptions options_;
    Cancel& cancel_;
    FetchResult result_;
    GroupCommit commits_;
    std::int64_t last_seq_ = 0;
    std::deque<Work> upcoming_;
    std::unordered_map<std::int64_t, Work> under_way_;  ///< by seq: handed over as jobs
    std::vector<std::int64_t> again_;  ///< to be tried in this round, before the rest
    std::vector<std::int64_t> next_round_;
    std::vector<std::int64_t> done_;  ///< by seq: recorded, and not yet marked as done
    std::set<state::EntryNo> given_way_;
    std::set<state::EntryNo> unmade_;
    std::map<std::int64_t, Detour> detours_;
    std::map<std::int64_t, Error> round_errors_;
};

}  // namespace gds::run
