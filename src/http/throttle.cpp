#include "throttle.h"

#include <algorithm>
#include <cmath>

namespace gds::http {

namespace {

constexpr std::chrono::seconds kWarningInterval{30};
constexpr int kParts = 64;  // of an allowance's span

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
