#include "throttle.h"

#include <algorithm>

namespace gds::http {

namespace {

constexpr std::chrono::seconds kWarningInterval{30};

}  // namespace

void Throttle::set_bound(int bound) {
    const bool unrestricted = limit_ >= bound_ || limit_ < 1;
    bound_ = std::max(bound, 1);
    limit_ = unrestricted ? bound_ : std::min(limit_, bound_);
}

void Throttle::succeeded() {
    limit_ = std::min(bound_, limit_ + 1.0 / limit_);
}

void Throttle::rate_limited(Clock::time_point now, Millis cool_down) {
    if (now >= resume_at_) {
        limit_ = std::max(1.0, limit_ / 2);
    }
    resume_at_ = std::max(resume_at_, now + cool_down);
}

bool Throttle::warning_due(Clock::time_point now) {
    if (now < next_warning_) {
        return false;
    }
    next_warning_ = now + kWarningInterval;
    return true;
}

TokenBucket::TokenBucket(double per_second)
    : per_second_(per_second), capacity_(std::max(1.0, per_second / 10)), tokens_(capacity_) {}

Clock::time_point TokenBucket::ready_at(Clock::time_point now) {
    if (per_second_ <= 0) {
        return now;
    }
    if (filled_at_ != Clock::time_point{}) {
        const double elapsed = std::chrono::duration<double>(now - filled_at_).count();
        tokens_ = std::min(capacity_, tokens_ + elapsed * per_second_);
    }
    filled_at_ = now;
    if (tokens_ >= 1) {
        return now;
    }
    const std::chrono::duration<double> missing((1 - tokens_) / per_second_);
    return now + std::chrono::ceil<Millis>(missing);
}

void TokenBucket::take() {
    if (per_second_ > 0) {
        tokens_ -= 1;
    }
}

}  // namespace gds::http
