#pragma once

#include "gds/base/text.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gds::report {

enum class ProgressMode { automatic, on, off };

/// What a run has done so far.
struct ProgressFigures {
    std::string phase;  ///< "listing", "hashing", "downloading", "deleting"
    std::string_view noun = "files", noun_of_one = "file";
    std::int64_t files_done = 0, files_total = 0;  ///< total 0: unknown
    std::int64_t bytes_done = 0, bytes_total = 0;
};

/// "downloading: 3/10 files, 1.0 MiB/4.0 MiB, 512.0 KiB/s, 6.0s left"; the rate (bytes a second)
/// and the time left only where they are known.
std::string progress_text(const ProgressFigures& figures, double bytes_per_second);

/// One line on standard error that is redrawn in place (terminal), or a plain log line every 30
/// seconds (no terminal). Steps aside for log lines. Rates and remaining time by the monotonic
/// clock. Only one at a time; update() and clear() from one thread, log lines from any.
class Progress {
public:
    /// `on` redraws in place whatever standard error is; `automatic` asks whether it is a terminal.
    explicit Progress(ProgressMode mode, Millis log_interval = Millis(30'000));
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
