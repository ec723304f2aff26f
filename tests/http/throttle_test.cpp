#include "throttle.h"

#include <gmock/gmock.h>

namespace gds::http {
namespace {

using std::chrono::seconds;

const Clock::time_point kStart{std::chrono::hours(1)};

TEST(Throttle, HalvesOncePerIncidentAndNeverBelowOne) {
    Throttle throttle(8);
    EXPECT_EQ(throttle.limit(), 8);
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
    for (int i = 0; i < 3; ++i) {
        throttle.succeeded();
    }
    EXPECT_EQ(throttle.limit(), 4);
    throttle.succeeded();
    throttle.succeeded();
    EXPECT_EQ(throttle.limit(), 5);
    for (int i = 0; i < 100; ++i) {
        throttle.succeeded();
    }
    EXPECT_EQ(throttle.limit(), 8);
}

TEST(Throttle, ANewBoundHoldsAtOnceAndKeepsARestriction) {
    Throttle throttle(8);
    throttle.set_bound(16);
    EXPECT_EQ(throttle.limit(), 16);
    throttle.rate_limited(kStart, Millis(1));
    throttle.set_bound(32);
    EXPECT_EQ(throttle.limit(), 8);
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

/// How many tokens can be had at `now`.
int drain(TokenBucket& bucket, Clock::time_point now) {
    int taken = 0;
    while (taken < 10'000 && bucket.ready_at(now) <= now) {
        bucket.take();
        ++taken;
    }
    return taken;
}

TEST(TokenBucket, SpacesASlowRateEvenly) {
    TokenBucket bucket(5);
    EXPECT_EQ(drain(bucket, kStart), 1);
    EXPECT_EQ(bucket.ready_at(kStart), kStart + Millis(200));
    EXPECT_EQ(drain(bucket, kStart + Millis(199)), 0);
    EXPECT_EQ(drain(bucket, kStart + Millis(201)), 1);
    // An idle minute is not saved up.
    EXPECT_EQ(drain(bucket, kStart + seconds(60)), 1);
}

TEST(TokenBucket, KeepsAHighRateOverTime) {
    TokenBucket bucket(1000);
    int taken = 0;
    for (int ms = 0; ms <= 1000; ++ms) {
        taken += drain(bucket, kStart + Millis(ms));
    }
    EXPECT_NEAR(taken, 1100, 5);  // a second's worth and the full bucket at its start
}

TEST(TokenBucket, ZeroIsNoBound) {
    TokenBucket bucket(0);
    EXPECT_EQ(drain(bucket, kStart), 10'000);
}

}  // namespace
}  // namespace gds::http
