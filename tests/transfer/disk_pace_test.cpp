#include "disk_pace.h"

#include <gtest/gtest.h>

namespace gds::transfer {
namespace {

using std::chrono::milliseconds;

class DiskPaceTest : public ::testing::Test {
protected:
    /// Hands over every 10 ms for `span`, of which `waited` went to waiting each time.
    void hand_over(milliseconds span, milliseconds waited) {
        for (milliseconds gone{0}; gone < span; gone += milliseconds(10)) {
            now += milliseconds(10);
            pace.handed_over(now, waited);
        }
    }

    DiskPace pace;
    DiskPace::Clock::time_point now = DiskPace::Clock::now();
};

TEST_F(DiskPaceTest, ADiskThatNobodyWaitsForIsNotLate) {
    hand_over(milliseconds(5000), milliseconds(0));
    EXPECT_FALSE(pace.late());
}

TEST_F(DiskPaceTest, ADiskThatIsWaitedForMostOfTheTimeIsLate) {
    hand_over(milliseconds(900), milliseconds(6));
    EXPECT_FALSE(pace.late()) << "too short to tell";
    hand_over(milliseconds(200), milliseconds(6));
    EXPECT_TRUE(pace.late());
    hand_over(milliseconds(5000), milliseconds(0));
    EXPECT_TRUE(pace.late()) << "nobody tries it again";
}

TEST_F(DiskPaceTest, ADiskThatIsWaitedForNowAndThenIsNotLate) {
    for (int i = 0; i < 10; ++i) {
        now += milliseconds(400);
        pace.handed_over(now, milliseconds(400));
        hand_over(milliseconds(700), milliseconds(1));
    }
    EXPECT_FALSE(pace.late());
}

TEST_F(DiskPaceTest, OneLongWaitIsEnough) {
    now += milliseconds(1500);
    pace.handed_over(now, milliseconds(1500));
    EXPECT_TRUE(pace.late());
    pace.forget();
    EXPECT_FALSE(pace.late());
}

}  // namespace
}  // namespace gds::transfer
