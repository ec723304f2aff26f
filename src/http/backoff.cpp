#include "backoff.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gds::http {

namespace {

constexpr Millis kLongestBackoff{64'000};
constexpr Millis kMostJitter{1'000};
constexpr int kBadResponses = 2;

}  // namespace

bool is_retryable(Code code) {
    return code == Code::rate_limited || code == Code::unavailable || code == Code::timeout ||
           code == Code::bad_response;
}

Millis backoff_delay(Millis first, Millis bound, int retry, double random01) {
    // The exponent is capped before it can overflow; the ceiling cuts long before.
    const double doubled =
        static_cast<double>(first.count()) * std::exp2(std::clamp(retry - 1, 0, 20));
    const double jitter = static_cast<double>(std::min(kMostJitter, first).count()) * random01;
    const double ceiling = static_cast<double>(std::min(kLongestBackoff, bound).count());
    return Millis(static_cast<std::int64_t>(std::min(doubled + jitter, ceiling)));
}

std::optional<Millis> retry_wait(const RetryBudget& budget, const Error& failure, Millis backoff) {
    if (!is_retryable(failure.code) || budget.used >= budget.limit) {
        return std::nullopt;
    }
    // An answer that makes no sense twice over will not make sense the ninth time.
    if (failure.code == Code::bad_response && budget.bad_responses >= kBadResponses) {
        return std::nullopt;
    }
    if (!failure.retry_after) {
        return backoff;
    }
    const Millis asked(*failure.retry_after);
    if (asked > budget.max_wait) {
        return budget.fail_on_long_wait ? std::nullopt : std::optional(budget.max_wait);
    }
    return std::max(backoff, asked);
}

}  // namespace gds::http
