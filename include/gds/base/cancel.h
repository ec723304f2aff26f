#pragma once

#include "gds/base/fd.h"

#include <atomic>
#include <chrono>
#include <optional>

namespace gds {

/// Why a run should stop early.
enum class StopReason { none, interrupted, terminated, deadline };

/// Asked by every loop that can take long; set by a signal or by a deadline of our own.
class Cancel {
public:
    Cancel();

    /// The first reason given stays. Async-signal-safe.
    void stop(StopReason reason) noexcept;
    [[nodiscard]] StopReason reason() const;
    [[nodiscard]] bool stopped() const { return reason() != StopReason::none; }
    /// Becomes readable at stop(); never read it. For poll(2).
    [[nodiscard]] int wake_fd() const { return wake_.get(); }
    /// Monotonic. Set before any thread starts.
    void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }

private:
    std::atomic<StopReason> reason_{StopReason::none};
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    Fd wake_;
};

/// Let SIGINT and SIGTERM stop `cancel` (which must outlive the program's work); ignore SIGPIPE.
void stop_on_signals(Cancel& cancel);

}  // namespace gds
