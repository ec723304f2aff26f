#pragma once

#include "gds/base/text.h"

#include <chrono>
#include <cstdint>
#include <deque>

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

/// At most `amount` in any `span`, by the monotonic clock: all of it may go at once, and what was
/// taken comes back a span later. Unlike a bucket that is refilled meanwhile, no span sees twice as
/// much. What is taken last may be more than is left.
class Allowance {
public:
    /// An amount of 0 is no bound.
    Allowance(std::int64_t amount, Clock::duration span) : amount_(amount), span_(span) {}
    /// A tenth of a second's worth at once, at least 1: a rate of 5 is 1 each 200 ms. 0: no bound.
    static Allowance of_rate(double per_second);

    /// When something is left again: `now` or later.
    Clock::time_point ready_at(Clock::time_point now);
    void take(Clock::time_point now, std::int64_t amount = 1);

private:
    /// What was taken within a small part of a span, so that few of them are kept.
    struct Taken {
        Clock::time_point first, last;
        std::int64_t amount = 0;
    };

    std::int64_t amount_;
    Clock::duration span_;
    std::deque<Taken> taken_;
    std::int64_t used_ = 0;  ///< their sum
};

}  // namespace gds::http
