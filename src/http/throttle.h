#pragma once

#include "gds/base/text.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace gds::http {

using Clock = std::chrono::steady_clock;

/// How many exchanges may be on the wire. The level begins at 4, at 16 where answers are long in
/// coming, and doubles for as long as that brings a fifth more requests or bytes a second; where it
/// does not, it goes back, and tries again later and later. A rate answer halves it and pauses all;
/// from then on it grows by one for each round of successes.
class Throttle {
public:
    explicit Throttle(int bound) { set_bound(bound); }

    /// The most exchanges there may ever be; at least 1. Whether more is better is asked anew.
    void set_bound(int bound);
    [[nodiscard]] int limit() const { return static_cast<int>(level_); }
    /// A rate answer came, ever.
    [[nodiscard]] bool was_limited() const { return mood_ == Mood::careful; }
    /// Nothing may start before this time.
    [[nodiscard]] Clock::time_point resume_at() const { return resume_at_; }

    /// The level is all that keeps more from being on the wire.
    void held_back(Clock::time_point now);
    /// An exchange succeeded. `full`: the level was all that kept more from being on the wire, so
    /// that this tells something about the level.
    void succeeded(Clock::time_point now, std::int64_t bytes, bool full);
    /// A rate answer came: start nothing for `cool_down`. Answers that arrive during a cool-down
    /// belong to the same incident and do not halve again.
    void rate_limited(Clock::time_point now, Millis cool_down);
    /// True for the first rate answer, and then once per 30 s for as long as they keep coming.
    bool warning_due(Clock::time_point now);

private:
    enum class Mood { growing, settled, careful };
    /// A level and what it brought a second.
    struct Step {
        double level = 0, requests = 0, bytes = 0;
        [[nodiscard]] bool worth(const Step& from) const;
    };

    void judge(Clock::time_point now, const Step& step);
    void set_level(double level);
    void watch_anew();

    double bound_ = 1;
    double level_ = 0;
    Mood mood_ = Mood::growing;
    std::optional<Step> before_;  ///< what it grew from
    Clock::time_point next_try_{};
    Clock::duration patience_{};  ///< until then, from the last try that brought nothing

    // Whether the first answers are long in coming.
    bool looked_ = false;
    std::optional<Clock::time_point> held_since_;
    int answered_ = 0;

    // What is being watched at this level.
    int unwatched_ = 0;  ///< still to come: they began before, or waited for their connection
    Clock::time_point since_{};
    int requests_ = 0;
    std::int64_t bytes_ = 0;

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
