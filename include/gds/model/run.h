#pragma once

#include "gds/base/exit_code.h"
#include "gds/base/result.h"
#include "gds/model/action.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gds::model {

/// Numbers of planned actions; `fail` counts those that failed.
struct Counts {
    std::int64_t unchanged = 0, download = 0, update = 0, rename = 0, remove = 0, mkdir = 0,
                 rmdir = 0, skip = 0, fail = 0;
    /// Real actions: everything but unchanged, skip and fail.
    [[nodiscard]] std::int64_t actions() const {
        return download + update + rename + remove + mkdir + rmdir;
    }
};

/// One guard's verdict on the plan.
struct GuardVerdict {
    std::string name;  ///< "empty-source", "max-delete", "max-delete-percent"
    double limit = 0;  ///< -1: no limit
    std::int64_t planned = 0;
    bool tripped = false;
};

/// What one run was and did; the report, the summary line and the metrics are views of it.
struct RunRecord {
    std::string id;
    std::string command;       ///< "sync", "resync", "diff"
    bool full_listing = true;  ///< else from the change feed
    bool dry_run = false;
    std::int64_t started_ms = 0;  ///< wall clock, epoch
    std::int64_t finished_ms = 0;
    std::int64_t duration_ms = 0;  ///< monotonic
    ExitCode exit_code = ExitCode::ok;
    std::string message;  ///< why, where the exit code is not ok; one line, says what to do

    std::string source_id, source_path, destination;
    Counts counts;
    std::optional<Counts> done;  ///< of them, those that were carried out; none by a dry run
    std::int64_t bytes_downloaded = 0;
    std::int64_t bytes_planned = 0;
    std::vector<GuardVerdict> guards;
    std::string plan;  ///< id of a withheld plan; empty for none
    std::int64_t withheld_deletes = 0;

    // For metrics and the summary.
    /// Ended before it could look at the mirror: what follows of it is not known.
    bool mirror_unknown = false;
    std::int64_t files = 0;  ///< the mirror holds after the run
    std::int64_t bytes = 0;
    std::map<std::string, std::int64_t> failures;      ///< by reason (code_label)
    std::map<std::string, std::int64_t> parked;        ///< by reason
    std::map<std::string, std::int64_t> api_requests;  ///< by method label ("files.list")
    std::map<std::string, std::int64_t> api_retries;   ///< by reason
    std::int64_t quota_units = 0;                      ///< that the requests cost
    std::int64_t feed_misses = 0;
    std::int64_t trash_bytes = 0;
    std::int64_t free_bytes = 0;
    std::int64_t last_success_ms = 0;       ///< 0: never, or unknown
    std::int64_t last_full_listing_ms = 0;  ///< 0: never
    std::vector<std::string> warnings;
};

/// Hands every action of a plan to `each`, in plan order. Plans may be larger than memory.
using ActionSource = std::function<Status(const std::function<Status(const Action&)>& each)>;

}  // namespace gds::model
