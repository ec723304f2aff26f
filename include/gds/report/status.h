#pragma once

#include "gds/base/result.h"
#include "gds/model/run.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gds::report {

/// One past or present run in the answer of `status`.
struct StatusRun {
    std::string id, command;
    std::string result;   ///< an exit code's name; "running" for one that has not ended
    std::string message;  ///< why, where the result is not "ok"; of one at work, how far it is
    int exit_code = 0;
    std::int64_t started_ms = 0, finished_ms = 0;
    std::int64_t downloaded = 0, updated = 0, renamed = 0, deleted = 0, failed = 0, bytes = 0;
};

/// Deletes that a guard held back and an operator may approve.
struct StatusWithheld {
    std::string plan;
    std::int64_t deletes = 0;
    std::vector<std::string> first_paths;  ///< as many as are shown
    bool approved = false;                 ///< the next run carries it out
};

struct StatusParked {
    std::string path, reason, detail;
    std::int64_t attempts = 0;
    std::int64_t next_try_ms = 0;
};

/// Everything `status` tells of a mirror. What is not known is 0, empty or nullopt.
struct StatusView {
    std::string destination, source, source_id, account;
    std::int64_t schema = 0;  ///< of the state database
    std::int64_t now_ms = 0;  ///< ages count from here
    std::int64_t files = 0, bytes = 0;
    std::int64_t trash_bytes = 0, free_bytes = 0;
    std::int64_t last_success_ms = 0;
    std::int64_t last_full_listing_ms = 0;
    bool change_feed = false;          ///< a change token is held: the next run can be incremental
    std::optional<StatusRun> running;  ///< by status.json, where the lock is held
    std::vector<StatusRun> runs;       ///< newest first
    std::vector<model::GuardVerdict> guards;  ///< of the last run
    std::optional<StatusWithheld> withheld;
    std::vector<StatusParked> parked;                   ///< as many as are shown
    std::map<std::string, std::int64_t> parked_counts;  ///< all of them, by reason
    std::vector<std::string> warnings;  ///< such as "the database could not be read"
};

/// For people: one fact a line, then the runs, what is withheld and what is parked.
std::string status_text(const StatusView& view);
/// The same as one JSON object (schema 1), indented.
std::string status_json(const StatusView& view);
/// What status_json wrote. Error: invalid_argument where it is anything else.
Result<StatusView> parse_status(const std::string& json);

}  // namespace gds::report
