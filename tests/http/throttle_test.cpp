#include "throttle.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace gds::http {
namespace {

using std::chrono::seconds;

const Clock::time_point kStart{std::chrono::hours(1)};

/// A server that answers after `latency`, and no more than `rate` a second, seen from an engine
/// that has always more to ask for.
class SimulatedServer {
public:
    SimulatedServer(Throttle& throttle, Clock::duration latency, double rate)
        : throttle_(throttle), latency_(latency), gap_(1e9 / rate) {}

    /// Let `count` exchanges succeed, and say how long that took.
    Clock::duration serve(int count) {
        const auto begun = now_;
        for (int i = 0; i < count; ++i) {
            refill();
            now_ = std::max(now_, *due_.begin());
            due_.erase(due_.begin());
            throttle_.succeeded(now_, 4096, true);
        }
        return now_ - begun;
    }

private:
    void refill() {
        throttle_.held_back(now_);
        while (static_cast<int>(due_.size()) < throttle_.limit()) {
            free_at_ = std::max(free_at_ + std::chrono::ceil<Clock::duration>(gap_), now_);
            due_.insert(free_at_ + latency_);
        }
    }

    Throttle& throttle_;
    Clock::duration latency_;
    std::chrono::duration<double, std::nano> gap_;
    Clock::time_point now_ = kStart;
    Clock::time_point free_at_ = kStart;
    std::multiset<Clock::time_point> due_;
};

TEST(Throttle, ReachesItsBoundWhereOnlyLatencyCounts) {
    Throttle throttle(64);
    EXPECT_EQ(throttle.limit(), 4);
    SimulatedServer server(throttle, Millis(50), 1e6);
    EXPECT_LT(server.serve(200), Millis(500));
    EXPECT_EQ(throttle.limit(), 64);
    server.serve(5'000);
    EXPECT_EQ(throttle.limit(), 64);
}

TEST(Throttle, CountsOnlyAnswersThatCameWhileItHeldBack) {
    Throttle throttle(64);
    for (int i = 0; i < 100; ++i) {
        throttle.succeeded(kStart, 0, false);
    }
    throttle.held_back(kStart);
    throttle.held_back(kStart + Millis(100));
    EXPECT_EQ(throttle.limit(), 16);
}

TEST(Throttle, LooksAgainWhereTheWorkIsAnother) {
    Throttle throttle(64);
    SimulatedServer server(throttle, Millis(1), 3'000);
    server.serve(2'000);
    throttle.set_bound(48);
    throttle.held_back(kStart + seconds(60));
    throttle.held_back(kStart + seconds(60) + Millis(100));
    EXPECT_EQ(throttle.limit(), 16);
}

TEST(Throttle, DoesNotWaitForAnAnswerToTakeMoreThanAFew) {
    Throttle throttle(64);
    throttle.held_back(kStart);
    throttle.held_back(kStart + Millis(99));
    EXPECT_EQ(throttle.limit(), 4);
    throttle.held_back(kStart + Millis(100));
    EXPECT_EQ(throttle.limit(), 16);
}

TEST(Throttle, StaysLowWhereTheServerSetsTheRate) {
    Throttle throttle(64);
    SimulatedServer server(throttle, Millis(10), 1'000);  // 10 at once
    server.serve(500);
    for (int i = 0; i < 50; ++i) {
        server.serve(100);
        EXPECT_LE(throttle.limit(), 32);  // twice the level only while it is tried
    }
    EXPECT_LE(throttle.limit(), 16);
}

TEST(Throttle, NeedsFewWhereAnswersComeAtOnce) {
    Throttle throttle(64);
    SimulatedServer server(throttle, Millis(1), 3'000);
    server.serve(2'000);
    EXPECT_EQ(throttle.limit(), 4);
}

TEST(Throttle, StopsAtTheLevelThatIsEnough) {
    Throttle throttle(256);
    SimulatedServer server(throttle, Millis(50), 600);  // 30 at once
    server.serve(1'000);
    EXPECT_EQ(throttle.limit(), 32);
}

TEST(Throttle, TriesAgainLater) {
    Throttle throttle(64);
    SimulatedServer slow(throttle, Millis(3), 1'000);
    slow.serve(1'000);
    EXPECT_EQ(throttle.limit(), 4);
    // It has become one where only latency counts.
    for (int i = 0; i < 4'000; ++i) {
        throttle.succeeded(kStart + seconds(60) + Millis(50) * (i / throttle.limit()), 4096, true);
    }
    EXPECT_EQ(throttle.limit(), 64);
}

TEST(Throttle, KeepsToASmallBound) {
    Throttle throttle(4);
    EXPECT_EQ(throttle.limit(), 4);
    SimulatedServer server(throttle, Millis(50), 1e6);
    server.serve(500);
    EXPECT_EQ(throttle.limit(), 4);
}

TEST(Throttle, LearnsNothingWhileOtherThingsHoldItBack) {
    Throttle throttle(64);
    for (int i = 0; i < 1'000; ++i) {
        throttle.succeeded(kStart + Millis(i), 4096, i % 4 < 2);
    }
    EXPECT_EQ(throttle.limit(), 4);
}

TEST(Throttle, HalvesOncePerIncidentAndNeverBelowOne) {
    Throttle throttle(8);
    EXPECT_EQ(throttle.limit(), 4);
    EXPECT_LE(throttle.resume_at(), kStart);
    throttle.rate_limited(kStart, Millis(1000));
    throttle.rate_limited(kStart + Millis(500), Millis(2000));
    EXPECT_EQ(throttle.limit(), 4);
    EXPECT_EQ(throttle.resume_at(), kStart + Millis(2500));
    for (int i = 1; i < 6; ++i) {
        throttle.rate_limited(kStart + seconds(10 * i), Millis(1));
    }
    EXPECT_EQ(throttle.limit(), 1);
}

TEST(Throttle, AShorterCoolDownDoesNotEndALongerOne) {
    Throttle throttle(8);
    throttle.rate_limited(kStart, Millis(60'000));
    throttle.rate_limited(kStart + Millis(1), Millis(10));
    EXPECT_EQ(throttle.resume_at(), kStart + Millis(60'000));
}

TEST(Throttle, GrowsBackByOneForEachRoundOfSuccesses) {
    Throttle throttle(8);
    throttle.rate_limited(kStart, Millis(1));
    const auto succeed = [&](int count) {
        for (int i = 0; i < count; ++i) {
            throttle.succeeded(kStart + seconds(1), 0, true);
        }
    };
    succeed(3);
    EXPECT_EQ(throttle.limit(), 4);
    succeed(2);
    EXPECT_EQ(throttle.limit(), 5);
    succeed(100);
    EXPECT_EQ(throttle.limit(), 8);
}

TEST(Throttle, ANewBoundHoldsAtOnceAndKeepsARestriction) {
    Throttle throttle(8);
    throttle.rate_limited(kStart, Millis(1));
    throttle.set_bound(32);
    EXPECT_EQ(throttle.limit(), 4);
    throttle.set_bound(2);
    EXPECT_EQ(throttle.limit(), 2);
    throttle.set_bound(0);
    EXPECT_EQ(throttle.limit(), 1);
}

TEST(Throttle, WarnsAtOnceAndThenOncePerThirtySeconds) {
    Throttle throttle(8);
    EXPECT_TRUE(throttle.warning_due(kStart));
    EXPECT_FALSE(throttle.warning_due(kStart + seconds(29)));
    EXPECT_TRUE(throttle.warning_due(kStart + seconds(30)));
    EXPECT_FALSE(throttle.warning_due(kStart + seconds(31)));
}

/// How many can be taken at `now`.
int drain(Allowance& allowance, Clock::time_point now, std::int64_t amount = 1) {
    int taken = 0;
    while (taken < 10'000 && allowance.ready_at(now) <= now) {
        allowance.take(now, amount);
        ++taken;
    }
    return taken;
}

TEST(Allowance, SpacesASlowRateEvenly) {
    Allowance allowance = Allowance::of_rate(5);
    EXPECT_EQ(drain(allowance, kStart), 1);
    EXPECT_EQ(allowance.ready_at(kStart), kStart + Millis(200));
    EXPECT_EQ(drain(allowance, kStart + Millis(199)), 0);
    EXPECT_EQ(drain(allowance, kStart + Millis(201)), 1);
    // An idle minute is not saved up.
    EXPECT_EQ(drain(allowance, kStart + seconds(60)), 1);
}

TEST(Allowance, KeepsAnyRateOverTime) {
    for (const double rate : {0.5, 15.0, 1000.0}) {
        Allowance allowance = Allowance::of_rate(rate);
        int taken = 0;
        for (int ms = 0; ms < 10'000; ++ms) {
            taken += drain(allowance, kStart + Millis(ms));
        }
        EXPECT_NEAR(taken, 10 * rate, 0.02 * 10 * rate + 1) << rate;
    }
}

TEST(Allowance, ZeroIsNoBound) {
    Allowance rate = Allowance::of_rate(0);
    EXPECT_EQ(drain(rate, kStart), 10'000);
    Allowance costs(0, seconds(60));
    EXPECT_EQ(drain(costs, kStart, 200), 10'000);
}

TEST(Allowance, GivesAllAtOnceAndWhatWasTakenASpanLater) {
    Allowance units(315'000, seconds(60));
    EXPECT_EQ(drain(units, kStart, 200), 1'575);
    EXPECT_EQ(units.ready_at(kStart + seconds(1)), kStart + seconds(60));
    EXPECT_EQ(drain(units, kStart + seconds(59), 200), 0);
    EXPECT_EQ(drain(units, kStart + seconds(60), 200), 1'575);
}

TEST(Allowance, NoSpanSeesMoreThanTheAmount) {
    constexpr std::int64_t kAmount = 1'000;
    Allowance units(kAmount, seconds(60));
    std::deque<std::pair<int, std::int64_t>> minute;
    std::int64_t in_minute = 0;
    std::int64_t all = 0;
    for (int second = 0; second < 600; ++second) {
        while (!minute.empty() && minute.front().first <= second - 60) {
            in_minute -= minute.front().second;
            minute.pop_front();
        }
        // Now slower, now faster than the allowance; never more than one excess of the last one.
        const std::int64_t cost = second % 7 == 0 ? 200 : 5;
        const int wanted = second % 90 < 45 ? 1 : 10;
        for (int i = 0; i < wanted; ++i) {
            const auto now = kStart + seconds(second);
            if (units.ready_at(now) <= now) {
                units.take(now, cost);
                minute.emplace_back(second, cost);
                in_minute += cost;
                all += cost;
            }
        }
        ASSERT_LT(in_minute, kAmount + 200) << second;
    }
    EXPECT_GT(all, 8 * kAmount);
}

}  // namespace
}  // namespace gds::http
