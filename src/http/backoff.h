#pragma once

#include "gds/base/result.h"
#include "gds/base/text.h"

#include <chrono>
#include <optional>

namespace gds::http {

/// Whether another attempt can help after this failure.
bool is_retryable(Code code);

/// Wait before retry number `retry` (from 1): `first` doubled by each retry before it, plus a share
/// `random01` of jitter (a second, less where `first` is less); at most 64 s and `bound`.
Millis backoff_delay(Millis first, Millis bound, int retry, double random01);

/// What retries have cost one exchange so far, and what bounds them.
struct RetryBudget {
    int used = 0;           ///< retries of any kind
    int bad_responses = 0;  ///< of them after a bad_response
    int limit = 0;
    Millis max_wait{0};
    bool fail_on_long_wait =
        true;  ///< an answer that asks for more than max_wait ends the exchange
};

/// The wait before another attempt after `failure`, or nullopt where the exchange has to end. A
/// Retry-After is a floor under `backoff`.
std::optional<Millis> retry_wait(const RetryBudget& budget, const Error& failure, Millis backoff);

}  // namespace gds::http
