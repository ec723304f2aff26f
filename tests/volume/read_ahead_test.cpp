#include "gds/volume/read_ahead.h"

#include "volume/child.h"
#include "volume/temp_volume.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace gds::volume {
namespace {

using ::testing::ElementsAre;
using testing::in_child;
using ::testing::IsEmpty;
using testing::refuse_call;
using testing::TempVolume;

bool everything(const std::string& /*path*/) {
    return true;
}

std::vector<std::string> names(const Result<ReadAhead::Entries>& entries) {
    EXPECT_TRUE(entries.has_value()) << entries.error().message;
    std::vector<std::string> found;
    for (const DirEntry& entry : entries ? *entries : ReadAhead::Entries()) {
        found.push_back(entry.name);
    }
    return found;
}

/// Every path below the root, as whoever goes through it folder by folder meets them.
std::multiset<std::string> everything_below(ReadAhead& ahead) {
    std::multiset<std::string> paths;
    std::deque<std::string> folders{""};
    while (!folders.empty()) {
        const std::string folder = folders.front();
        folders.pop_front();
        const auto entries = ahead.take(folder);
        EXPECT_TRUE(entries.has_value()) << folder;
        for (const DirEntry& entry : entries ? *entries : ReadAhead::Entries()) {
            const std::string path = join_path(folder, entry.name);
            paths.insert(path);
            if (entry.stat.type == FileType::directory) {
                folders.push_back(path);
            }
        }
    }
    return paths;
}

TEST(ReadAhead, GivesADirectoryByNameWithoutWhatIsReserved) {
    const TempVolume temp;
    temp.write("b", "bytes");
    temp.write("a/.nfs0001", "x");
    temp.write("a/z", "x");
    temp.write(".gdrive-sync/lock", "");
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    const auto root = ahead.take("");
    EXPECT_THAT(names(root), ElementsAre("a", "b"));
    EXPECT_EQ(root->back().stat.size, 5);
    EXPECT_THAT(names(ahead.take("a")), ElementsAre("z"));
}

TEST(ReadAhead, MissesNothingOfATreeThatIsDeepAndWide) {
    const TempVolume temp;
    std::multiset<std::string> expected;
    for (int wide = 0; wide < 60; ++wide) {
        std::string folder = fmt::format("folder {}", wide);
        expected.insert(folder);
        for (int deep = 0; deep < 12; ++deep) {
            temp.write(folder + "/file", "x");
            expected.insert(folder + "/file");
            folder += fmt::format("/below {}", deep);
            expected.insert(folder);
            std::filesystem::create_directories(temp.full(folder));
        }
    }
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    EXPECT_EQ(everything_below(ahead), expected);
}

TEST(ReadAhead, GivesMoreThanItHoldsAhead) {
    const TempVolume temp;
    std::multiset<std::string> expected;
    // A thousand each are held until there is no room; 4,200 are not read ahead at all.
    for (int folder = 0; folder < 4; ++folder) {
        const std::string path = fmt::format("folder {}", folder);
        std::filesystem::create_directories(temp.full(path));
        expected.insert(path);
        const int files = folder == 3 ? 4'200 : 1'000;
        for (int file = 0; file < files; ++file) {
            const std::string name = fmt::format("{}/{}", path, file);
            ASSERT_EQ(::symlink("nowhere", temp.full(name).c_str()), 0);
            expected.insert(name);
        }
    }
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    EXPECT_EQ(everything_below(ahead), expected);
}

TEST(ReadAhead, TakesAHintThatIsRightWrongOrLate) {
    const TempVolume temp;
    temp.write("a/b/file", "x");
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    for (const char* hint : {"a/b", "a/b", "nowhere", "a/b/file", "../outside"}) {
        ahead.expect(hint);
    }
    EXPECT_THAT(names(ahead.take("a/b")), ElementsAre("file"));
    EXPECT_THAT(names(ahead.take("")), ElementsAre("a"));
    EXPECT_THAT(names(ahead.take("a")), ElementsAre("b"));
    EXPECT_EQ(ahead.take("nowhere").error().code, Code::not_found);
    EXPECT_EQ(ahead.take("../outside").error().code, Code::invalid_argument);
}

TEST(ReadAhead, NeverFollowsALink) {
    const TempVolume temp;
    const TempVolume outside;
    outside.write("secret", "x");
    ASSERT_EQ(::symlink(outside.full("").c_str(), temp.full("link").c_str()), 0);
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    EXPECT_THAT(names(ahead.take("")), ElementsAre("link"));
    const auto behind = ahead.take("link");
    ASSERT_FALSE(behind.has_value());
    EXPECT_EQ(behind.error().code, Code::conflict);
}

TEST(ReadAhead, EntersNoFolderThatIsRefusedUnlessItIsAskedFor) {
    const TempVolume temp;
    temp.write("wanted/below/file", "x");
    temp.write("left out/below/file", "x");
    std::mutex mutex;
    std::set<std::string> asked;
    const auto enters = [&](const std::string& path) {
        const std::lock_guard lock(mutex);
        asked.insert(path);
        return path != "left out";
    };
    const Cancel cancel;
    {
        ReadAhead ahead(*temp, enters, cancel);
        EXPECT_THAT(names(ahead.take("")), ElementsAre("left out", "wanted"));
        EXPECT_THAT(names(ahead.take("wanted")), ElementsAre("below"));
        EXPECT_THAT(names(ahead.take("wanted/below")), ElementsAre("file"));
    }
    EXPECT_THAT(asked, ElementsAre("left out", "wanted", "wanted/below"));
    ReadAhead ahead(*temp, enters, cancel);
    EXPECT_THAT(names(ahead.take("left out")), ElementsAre("below"));
}

TEST(ReadAhead, ReadsAgainWhatIsNotFreshAnyMore) {
    const TempVolume temp;
    temp.write("a/file", "x");
    temp.write("b/file", "x");
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    std::this_thread::sleep_for(ReadAhead::kFreshFor + Millis(100));
    temp.write("a/late", "x");
    temp.write("b/late", "x");
    temp.write("c/file", "x");
    EXPECT_EQ(everything_below(ahead),
              (std::multiset<std::string>{"a", "a/file", "a/late", "b", "b/file", "b/late", "c",
                                          "c/file"}));
}

TEST(ReadAhead, DoesWithoutThreadsWhereThereAreNone) {
    const TempVolume temp;
    temp.write("a/b/file", "x");
    EXPECT_TRUE(in_child([&] {
        const Cancel cancel;
        const bool refused = refuse_call(SYS_clone3, EAGAIN) && refuse_call(SYS_clone, EAGAIN);
        ReadAhead ahead(*temp, everything, cancel);
        return refused &&
               everything_below(ahead) == std::multiset<std::string>{"a", "a/b", "a/b/file"};
    }));
}

TEST(ReadAhead, TellsNoErrorThatIsOver) {
    const TempVolume temp;
    temp.write("b/file", "x");
    std::filesystem::create_symlink("b", temp.full("a"));
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    ahead.expect("a");  // which nobody may read as it is
    std::this_thread::sleep_for(Millis(100));
    std::filesystem::remove(temp.full("a"));
    std::filesystem::rename(temp.full("b"), temp.full("a"));
    EXPECT_THAT(names(ahead.take("a")), ElementsAre("file"));
}

TEST(ReadAhead, SaysThatADirectoryIsGone) {
    const TempVolume temp;
    const Cancel cancel;
    ReadAhead ahead(*temp, everything, cancel);
    const auto gone = ahead.take("gone");
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().code, Code::not_found);
    EXPECT_THAT(names(ahead.take("")), IsEmpty());
}

TEST(ReadAhead, EndsWhileThereIsMoreToRead) {
    const TempVolume temp;
    for (int folder = 0; folder < 300; ++folder) {
        temp.write(fmt::format("{}/file", folder), "x");
    }
    Cancel cancel;
    const ReadAhead untouched(*temp, everything, cancel);
    ReadAhead stopped(*temp, everything, cancel);
    cancel.stop(StopReason::interrupted);
    EXPECT_EQ(names(stopped.take("7")).size(), 1U);
}

}  // namespace
}  // namespace gds::volume
