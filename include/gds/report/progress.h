#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace gds::report {

enum class ProgressMode { automatic, on, off };

/// What a run has done so far.
struct ProgressFigures {
    std::string phase;  ///< "listing", "hashing", "downloading", "deleting"
    std::int64_t files_done = 0, files_total = 0;  ///< total 0: unknown
    std::int64_t bytes_done = 0, bytes_total = 0;
};

/// One line on standard error that is redrawn in place (terminal), or a plain log line every 30
/// seconds (no terminal). Steps aside for log lines. Rates and remaining time by the monotonic clock.
class Progress {
public:
    explicit Progress(ProgressMode mode);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Cheap to call often.
    void update(const ProgressFigures& figures);
    /// Remove the line.
    void clear();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gds::report
