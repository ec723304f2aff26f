#pragma once

#include <chrono>
#include <mutex>

namespace gds::transfer {

/// Whether a disk keeps up with the network, by how long writers had to wait for it. Any thread.
class DiskPace {
public:
    using Clock = std::chrono::steady_clock;
    /// Shorter spans say nothing: every disk holds somebody up now and then.
    static constexpr std::chrono::milliseconds kSpan{1000};

    /// Some bytes were handed over at `now`, after `waited` for those before them.
    void handed_over(Clock::time_point now, Clock::duration waited);
    /// True once half of a span was waiting, and from then on.
    [[nodiscard]] bool late() const;
    /// As if nothing had been handed over yet.
    void forget();

private:
    mutable std::mutex mutex_;
    Clock::time_point since_;
    Clock::duration waited_{0};
    bool late_ = false;
};

/// Of this process, which writes to one volume.
DiskPace& disk_pace();

}  // namespace gds::transfer
