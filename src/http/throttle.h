#pragma once

#include "gds/base/text.h"

#include <chrono>

namespace gds::http {

using Clock = std::chrono::steady_clock;

/// How fast an engine may go: the number of exchanges on the wire is halved by a rate answer and
/// grows back by one for each round of successes; nothing starts during a cool-down.
class Throttle {
public:
    explicit Throttle(int bound) { set_bound(bound); }

    /// The most exchanges there may ever be; at least 1.
    void set_bound(int bound);
    [[nodiscard]] int limit() const { return static_cast<int>(limit_); }
    /// Nothing may start before this time.
    [[nodiscard]] Clock::time_point resume_at() const { return resume_at_; }

    void succeeded();
    /// A rate answer came: start nothing for `cool_down`. Answers that arrive during a cool-down
    /// belong to the same incident and do not halve again.
    void rate_limited(Clock::time_point now, Millis cool_down);
    /// True for the first rate answer, and then once per 30 s for as long as they keep coming.
    bool warning_due(Clock::time_point now);

private:
    double bound_ = 1;
    double limit_ = 0;
    Clock::time_point resume_at_{};
    Clock::time_point next_warning_{};
};

/// A token bucket by the monotonic clock. It holds a tenth of a second's worth, at least one token,
/// so that a rate of 5 starts a request each 200 ms.
class TokenBucket {
public:
    /// 0 for no bound.
    explicit TokenBucket(double per_second);

    /// When the next token is there: `now` or later.
    Clock::time_point ready_at(Clock::time_point now);
    /// Take the token that is there.
    void take();

private:
    double per_second_;
    double capacity_;
    double tokens_;
    Clock::time_point filled_at_{};
};

}  // namespace gds::http
