#include "backoff.h"

#include <gmock/gmock.h>

namespace gds::http {
namespace {

TEST(Backoff, DoublesWithJitterUpToItsCeilings) {
    struct Case {
        const char* name;
        Millis first, bound;
        int retry;
        double random01;
        Millis expected;
    };
    const std::vector<Case> cases{
        {"first", Millis(1000), Millis(120'000), 1, 0.0, Millis(1000)},
        {"first, all jitter", Millis(1000), Millis(120'000), 1, 1.0, Millis(2000)},
        {"second", Millis(1000), Millis(120'000), 2, 0.0, Millis(2000)},
        {"fourth, half jitter", Millis(1000), Millis(120'000), 4, 0.5, Millis(8500)},
        {"never above 64 s", Millis(1000), Millis(120'000), 9, 1.0, Millis(64'000)},
        {"never above the bound", Millis(1000), Millis(5000), 9, 1.0, Millis(5000)},
        {"a huge count does not overflow", Millis(1000), Millis(120'000), 2'000'000, 1.0,
         Millis(64'000)},
        {"small first, small jitter", Millis(10), Millis(120'000), 1, 1.0, Millis(20)},
        {"big first, a second of jitter", Millis(5000), Millis(120'000), 1, 1.0, Millis(6000)},
        {"none at all", Millis(0), Millis(120'000), 3, 1.0, Millis(0)},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(backoff_delay(c.first, c.bound, c.retry, c.random01), c.expected) << c.name;
    }
}

RetryBudget budget() {
    RetryBudget budget;
    budget.limit = 8;
    budget.max_wait = Millis(120'000);
    return budget;
}

Error asking(Code code, int seconds) {
    Error failure = error(code, "");
    failure.retry_after = std::chrono::seconds(seconds);
    return failure;
}

TEST(RetryWait, OnlyForCodesThatCanPass) {
    for (const Code code :
         {Code::rate_limited, Code::unavailable, Code::timeout, Code::bad_response}) {
        EXPECT_EQ(retry_wait(budget(), error(code, ""), Millis(5)), Millis(5)) << code_label(code);
    }
    for (const Code code : {Code::invalid_argument, Code::unauthenticated, Code::permission_denied,
                            Code::not_found, Code::mismatch, Code::changed, Code::disk_full,
                            Code::io, Code::cancelled, Code::internal}) {
        EXPECT_EQ(retry_wait(budget(), error(code, ""), Millis(5)), std::nullopt)
            << code_label(code);
    }
}

TEST(RetryWait, EndsWithTheBudget) {
    RetryBudget spent = budget();
    spent.used = 8;
    EXPECT_EQ(retry_wait(spent, error(Code::unavailable, ""), Millis(5)), std::nullopt);
    RetryBudget nonsense = budget();
    nonsense.bad_responses = 2;
    EXPECT_EQ(retry_wait(nonsense, error(Code::bad_response, ""), Millis(5)), std::nullopt);
    EXPECT_EQ(retry_wait(nonsense, error(Code::unavailable, ""), Millis(5)), Millis(5));
}

TEST(RetryWait, NeverComesBackBeforeRetryAfter) {
    EXPECT_EQ(retry_wait(budget(), asking(Code::unavailable, 90), Millis(5)), Millis(90'000));
    EXPECT_EQ(retry_wait(budget(), asking(Code::unavailable, 1), Millis(5000)), Millis(5000));
    EXPECT_EQ(retry_wait(budget(), asking(Code::unavailable, 120), Millis(5)), Millis(120'000));
}

TEST(RetryWait, EndsTheExchangeWhereRetryAfterIsTooLong) {
    EXPECT_EQ(retry_wait(budget(), asking(Code::rate_limited, 121), Millis(5)), std::nullopt);
    RetryBudget patient = budget();
    patient.fail_on_long_wait = false;
    EXPECT_EQ(retry_wait(patient, asking(Code::rate_limited, 121), Millis(5)), Millis(120'000));
}

}  // namespace
}  // namespace gds::http
