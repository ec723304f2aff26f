#include "throttle.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gds::http {

namespace {

// Each connection costs a handshake, which pays where answers are long in coming.
constexpr double kFirstLevel = 4;
constexpr double kLevelOfSlow = 16;
constexpr std::chrono::milliseconds kFirstLook{100};
constexpr int kManyAnswers = 20;  // by then
constexpr double kWorthIt = 0.2;  // more, of what is twice the level
constexpr std::chrono::milliseconds kShortestWatch{50};
constexpr std::chrono::seconds kFirstPatience{1};
constexpr std::chrono::seconds kLastPatience{60};

constexpr std::chrono::seconds kWarningInterval{30};
constexpr int kParts = 64;  // of an allowance's span

}  // namespace

bool Throttle::Step::worth(const Step& from) const {
    const double wanted = 1 + kWorthIt * (level / from.level - 1);
    // Either may be less only because the files were larger or smaller than before.
    return requests > wanted * from.requests || bytes > wanted * from.bytes;
}

void Throttle::set_bound(int bound) {
    bound_ = std::max(bound, 1);
    set_level(level_ < 1 ? kFirstLevel : level_);
    before_.reset();
    looked_ = false;
    held_since_.reset();
    mood_ = mood_ == Mood::settled ? Mood::growing : mood_;
}

void Throttle::set_level(double level) {
    level_ = std::clamp(level, 1.0, bound_);
    watch_anew();
}

void Throttle::watch_anew() {
    unwatched_ = limit();
    requests_ = 0;
    bytes_ = 0;
}

void Throttle::held_back(Clock::time_point now) {
    if (looked_) {
        return;
    }
    if (!held_since_) {
        held_since_ = now;
        answered_ = 0;
    }
    if (now - *held_since_ >= kFirstLook) {
        looked_ = true;
        if (mood_ == Mood::growing && answered_ < kManyAnswers) {
            before_.reset();
            set_level(std::max(level_, kLevelOfSlow));
        }
    }
}

void Throttle::succeeded(Clock::time_point now, std::int64_t bytes, bool full) {
    answered_ += looked_ ? 0 : 1;
    if (mood_ == Mood::careful) {
        level_ = std::min(bound_, level_ + 1.0 / level_);
        return;
    }
    if (!full) {
        return watch_anew();
    }
    if (unwatched_ > 0) {
        --unwatched_;
        since_ = now;
        return;
    }
    ++requests_;
    bytes_ += bytes;
    const std::chrono::duration<double> watched = now - since_;
    // A round of exchanges has shown what the level does.
    if (requests_ >= limit() && watched >= kShortestWatch) {
        judge(now,
              {level_, requests_ / watched.count(), static_cast<double>(bytes_) / watched.count()});
    }
}

void Throttle::judge(Clock::time_point now, const Step& step) {
    if (before_) {
        const Step from = *std::exchange(before_, std::nullopt);
        if (!step.worth(from)) {
            mood_ = Mood::settled;
            patience_ = std::clamp<Clock::duration>(2 * patience_, kFirstPatience, kLastPatience);
            next_try_ = now + patience_;
            return set_level(from.level);
        }
        patience_ = {};
    }
    if (level_ < bound_ && (mood_ == Mood::growing || now >= next_try_)) {
        mood_ = Mood::growing;
        before_ = step;
        return set_level(level_ * 2);
    }
    watch_anew();
    unwatched_ = 0;
    since_ = now;
}

void Throttle::rate_limited(Clock::time_point now, Millis cool_down) {
    if (now >= resume_at_) {
        // Where nobody has looked yet whether answers are slow, it is low for no reason.
        const bool is_low = !looked_ && mood_ != Mood::careful;
        set_level((is_low ? std::clamp(kLevelOfSlow, level_, bound_) : level_) / 2);
    }
    mood_ = Mood::careful;
    before_.reset();
    resume_at_ = std::max(resume_at_, now + cool_down);
}

bool Throttle::warning_due(Clock::time_point now) {
    if (now < next_warning_) {
        return false;
    }
    next_warning_ = now + kWarningInterval;
    return true;
}

Allowance Allowance::of_rate(double per_second) {
    if (per_second <= 0) {
        return {0, {}};
    }
    const double amount = std::max(1.0, std::floor(per_second / 10));
    const std::chrono::duration<double> span(amount / per_second);
    return {static_cast<std::int64_t>(amount), std::chrono::ceil<Clock::duration>(span)};
}

Clock::time_point Allowance::ready_at(Clock::time_point now) {
    while (!taken_.empty() && taken_.front().last + span_ <= now) {
        used_ -= taken_.front().amount;
        taken_.pop_front();
    }
    if (amount_ <= 0 || used_ < amount_) {
        return now;
    }
    std::int64_t left_over = used_;
    for (const Taken& taken : taken_) {
        left_over -= taken.amount;
        if (left_over < amount_) {
            return taken.last + span_;
        }
    }
    return now;
}

void Allowance::take(Clock::time_point now, std::int64_t amount) {
    if (amount_ <= 0 || amount <= 0) {
        return;
    }
    if (taken_.empty() || now - taken_.back().first > span_ / kParts) {
        taken_.push_back({now, now, 0});
    }
    taken_.back().last = now;
    taken_.back().amount += amount;
    used_ += amount;
}

}  // namespace gds::http
