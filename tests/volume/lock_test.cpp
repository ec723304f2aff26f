#include "gds/volume/volume.h"
#include "volume/child.h"
#include "volume/temp_volume.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace gds::volume {
namespace {

using testing::in_child;
using testing::TempVolume;

TEST(Lock, KeepsASecondRunOutAndNamesTheHolder) {
    const TempVolume temp;
    const Cancel cancel;
    const auto first = Lock::acquire(*temp, "run-one", Millis(0), cancel);
    ASSERT_TRUE(first) << first.error().message;
    const auto second = Lock::acquire(*temp, "run-two", Millis(0), cancel);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::busy);
    EXPECT_NE(second.error().message.find("run run-one"), std::string::npos);
    EXPECT_NE(second.error().message.find("pid " + std::to_string(::getpid())), std::string::npos);
    EXPECT_NE(second.error().message.find("--lock-wait"), std::string::npos);
}

TEST(Lock, IsFreeAgainAtTheEndOfItsHolder) {
    const TempVolume temp;
    const Cancel cancel;
    { ASSERT_TRUE(Lock::acquire(*temp, "one", Millis(0), cancel)); }
    const auto second = Lock::acquire(*temp, "two", Millis(0), cancel);
    ASSERT_TRUE(second);
    EXPECT_NE(temp.read(".gdrive-sync/lock").find("run two"), std::string::npos);
    EXPECT_EQ((*temp->stat(".gdrive-sync/lock"))->mode, 0600U);
}

TEST(Lock, OfAKilledProcessIsFreeAndAnOldOneIsNotBroken) {
    const TempVolume temp;
    const Cancel cancel;
    EXPECT_TRUE(in_child([&] {
        const auto held = Lock::acquire(*temp, "killed", Millis(0), cancel);
        return held.has_value();  // _exit runs no destructor: the kernel lets go
    }));
    const auto mine = Lock::acquire(*temp, "mine", Millis(0), cancel);
    ASSERT_TRUE(mine);
    ASSERT_TRUE(temp->set_mtime_ms(".gdrive-sync/lock", 0));
    const auto other = Lock::acquire(*temp, "other", Millis(0), cancel);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::busy);
}

TEST(Lock, WaitsForTheHolderToEnd) {
    const TempVolume temp;
    const Cancel cancel;
    auto held = std::make_unique<Result<Lock>>(Lock::acquire(*temp, "one", Millis(0), cancel));
    ASSERT_TRUE(*held);
    std::atomic<bool> asked = false;
    std::thread waiter([&] {
        asked = true;
        EXPECT_TRUE(Lock::acquire(*temp, "two", Millis(60'000), cancel));
    });
    while (!asked) {
        std::this_thread::yield();
    }
    held.reset();
    waiter.join();
}

TEST(Lock, AStopEndsTheWait) {
    const TempVolume temp;
    Cancel cancel;
    const auto held = Lock::acquire(*temp, "one", Millis(0), cancel);
    ASSERT_TRUE(held);
    std::thread stopper([&] { cancel.stop(StopReason::terminated); });
    const auto second = Lock::acquire(*temp, "two", Millis(600'000), cancel);
    stopper.join();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::cancelled);
}

TEST(Lock, OnARemovedFileGuardsNothingAndIsTakenAnew) {
    const TempVolume temp;
    const Cancel cancel;
    const auto first = Lock::acquire(*temp, "one", Millis(0), cancel);
    ASSERT_TRUE(temp->remove_file(".gdrive-sync/lock"));
    EXPECT_TRUE(Lock::acquire(*temp, "two", Millis(0), cancel));
    EXPECT_TRUE(temp.exists(".gdrive-sync/lock"));
}

TEST(Lock, SaysWhereAFileSystemHasNone) {
    const TempVolume temp;
    const Cancel cancel;
    EXPECT_TRUE(in_child([&] {
        const auto refused = testing::refuse_call(SYS_flock, ENOLCK);
        const auto result = Lock::acquire(*temp, "one", Millis(0), cancel);
        return refused && !result && result.error().code == Code::io;
    }));
}

TEST(Marker, ComesBackAsItWasWritten) {
    const TempVolume temp;
    EXPECT_FALSE(read_marker(*temp)->has_value());
    Marker marker;
    marker.volume_id = "v";
    marker.account = "a";
    marker.root_id = "r";
    marker.source = "claude/files \"ü\"";
    marker.withheld_plan = "p";
    marker.approved_plan = "q";
    marker.used_approvals = {"x", "y"};
    marker.resync_ids = {"z"};
    marker.last_full_listing = "2026-04-19T02:00:00Z";
    ASSERT_TRUE(write_marker(*temp, marker));
    ASSERT_TRUE(write_marker(*temp, marker));
    const auto back = read_marker(*temp);
    ASSERT_TRUE(back && back->has_value());
    EXPECT_EQ((*back)->source, marker.source);
    EXPECT_EQ((*back)->used_approvals, marker.used_approvals);
    EXPECT_EQ((*back)->resync_ids, marker.resync_ids);
    EXPECT_EQ((*back)->last_full_listing, marker.last_full_listing);
    EXPECT_EQ((*back)->approved_plan, "q");
    EXPECT_FALSE(temp.exists(".gdrive-sync/volume.json.tmp"));
}

class DamagedMarker : public ::testing::TestWithParam<const char*> {};

TEST_P(DamagedMarker, IsAnErrorWithAdvice) {
    const TempVolume temp;
    temp.write(".gdrive-sync/volume.json", GetParam());
    const auto read = read_marker(*temp);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::invalid_argument);
    EXPECT_NE(read.error().message.find("volume.json"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Texts, DamagedMarker,
                         ::testing::Values("", "{", "[]", "{}", R"({"schema":1})",
                                           R"({"schema":"1","volume_id":"v"})",
                                           R"({"schema":2,"volume_id":"v"})",
                                           R"({"schema":1,"volume_id":7})",
                                           R"({"schema":1,"volume_id":"v","resync_ids":"x"})",
                                           R"({"schema":1,"volume_id":"v","resync_ids":[1]})"));

}  // namespace
}  // namespace gds::volume
