#include "direct_writer.h"

#include "transfer/bench.h"
#include "transfer/late_disk.h"
#include "transfer/page_cache.h"
#include "volume/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gds::transfer {
namespace {

using testing::cached_bytes;
using testing::make_disk_late;
using testing::sample;
using volume::testing::in_child;
using volume::testing::refuse_call;
using volume::testing::TempVolume;

constexpr std::size_t kBlock = DirectWriter::kLargestBlock;
constexpr const char* kNeedsDisk = "this test needs a TMPDIR on a disk, with ext4 or xfs";

bool is_direct(const Fd& fd) {
    return (::fcntl(fd.get(), F_GETFL) & O_DIRECT) != 0;
}

class DirectWriterTest : public ::testing::Test {
protected:
    DirectWriterTest() { disk_pace().forget(); }
    ~DirectWriterTest() override { disk_pace().forget(); }

    Fd open(const std::string& name, int flags = O_RDWR | O_CREAT) const {
        return Fd(::open(temp.full(name).c_str(), flags | O_CLOEXEC, 0600));
    }

    /// Pieces as they come from a network: of no round length.
    static Status append(DirectWriter& writer, std::string_view bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += 16'001) {
            GDS_CHECK(writer.append(bytes.substr(at, 16'001)));
        }
        return {};
    }

    static Status write(int fd, std::string_view bytes) {
        DirectWriter writer(fd, "file");
        GDS_CHECK(append(writer, bytes));
        return writer.finish();
    }

    TempVolume temp;
};

TEST_F(DirectWriterTest, WritesWhatItIsGiven) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1,
                                   2 * kBlock, 5 * kBlock + 777}) {
        const std::string name = std::to_string(size);
        const auto bytes = sample(size);
        const Fd fd = open(name);
        ASSERT_TRUE(write(fd.get(), bytes)) << name;
        EXPECT_EQ(temp.read(name), bytes) << name;
        EXPECT_FALSE(is_direct(fd)) << "who uses it next may not know";
    }
}

TEST_F(DirectWriterTest, LeavesThePageCacheToOthers) {
    const Fd fd = open("file");
    auto writer = DirectWriter::begin(fd.get(), "file");
    ASSERT_TRUE(writer) << kNeedsDisk;
    ASSERT_TRUE(append(*writer, sample(8 * kBlock)));
    ASSERT_TRUE(writer->finish());
    EXPECT_EQ(cached_bytes(temp.full("file")), 0U);
}

TEST_F(DirectWriterTest, WritesThroughTheCacheWhereNothingElseIsOffered) {
    EXPECT_TRUE(in_child([&] {
        const auto bytes = sample(3 * kBlock + 5);
        const Fd fd = open("file");
        return refuse_call(SYS_fcntl, EINVAL) && write(fd.get(), bytes) &&
               temp.read("file") == bytes;
    }));
}

TEST_F(DirectWriterTest, WritesThroughTheCacheWhatTheDiskRefuses) {
    // An append lands behind what is there, where no block of a disk begins.
    temp.write("file", "here before");
    const auto bytes = sample(3 * kBlock + 5);
    const Fd fd = open("file", O_RDWR | O_APPEND);
    ASSERT_TRUE(write(fd.get(), bytes));
    EXPECT_EQ(temp.read("file"), "here before" + bytes);
}

TEST_F(DirectWriterTest, SaysWhatBecameOfAnEarlierBlock) {
    temp.write("file", "");
    const Fd fd = open("file", O_RDONLY);
    DirectWriter writer(fd.get(), "file");
    const auto appended = append(writer, sample(3 * kBlock));
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().code, Code::io);
    EXPECT_THAT(appended.error().message, ::testing::StartsWith("file: cannot write"));
    EXPECT_FALSE(writer.finish()) << "nothing is written behind a gap";
}

TEST_F(DirectWriterTest, GivesWayToTheCacheWhereTheDiskIsLate) {
    const Fd fd = open("file");
    DirectWriter writer(fd.get(), "file");
    ASSERT_TRUE(is_direct(fd)) << kNeedsDisk;
    ASSERT_TRUE(append(writer, sample(2 * kBlock)));
    EXPECT_FALSE(writer.cache_does_better());
    make_disk_late();
    EXPECT_FALSE(DirectWriter::begin(fd.get(), "file"));
    ASSERT_TRUE(append(writer, sample(kBlock)));
    EXPECT_TRUE(writer.cache_does_better());
}

TEST_F(DirectWriterTest, FurtherOnesHaveSmallerBlocks) {
    const Fd first = open("first");
    const Fd second = open("second");
    DirectWriter large(first.get(), "first");
    DirectWriter small(second.get(), "second");
    ASSERT_TRUE(large.append(sample(DirectWriter::kSmallestBlock)));
    ASSERT_TRUE(small.append(sample(DirectWriter::kSmallestBlock)));
    ASSERT_TRUE(small.append(sample(DirectWriter::kSmallestBlock)));  // waits for the one before
    EXPECT_GE(std::filesystem::file_size(temp.full("second")), DirectWriter::kSmallestBlock);
    EXPECT_EQ(std::filesystem::file_size(temp.full("first")), 0U);
}

TEST_F(DirectWriterTest, SaysWhereTheFileSystemRefuses) {
    temp.write("file", "here before");
    const Fd fd = open("file", O_RDWR | O_APPEND);
    DirectWriter writer(fd.get(), "file");
    ASSERT_TRUE(append(writer, sample(2 * kBlock)));
    EXPECT_TRUE(writer.cache_does_better());
}

TEST_F(DirectWriterTest, WhatIsNotWholeIsNotWrittenUnlessAsked) {
    const Fd fd = open("file");
    const auto bytes = sample(2 * kBlock + 5);
    {
        DirectWriter writer(fd.get(), "file");
        ASSERT_TRUE(append(writer, bytes));
    }
    EXPECT_EQ(temp.read("file"), bytes.substr(0, 2 * kBlock));
}

TEST_F(DirectWriterTest, TheirMemoryIsBounded) {
    const Fd fd = open("file");
    std::vector<std::unique_ptr<DirectWriter>> writers;
    for (int i = 0; i < DirectWriter::kMost; ++i) {
        writers.push_back(DirectWriter::begin(fd.get(), "file"));
        ASSERT_TRUE(writers.back());
    }
    EXPECT_FALSE(DirectWriter::begin(fd.get(), "file"));
    writers.pop_back();
    EXPECT_TRUE(DirectWriter::begin(fd.get(), "file"));
}

TEST_F(DirectWriterTest, IsNotForAFileSystemWithoutADisk) {
    ASSERT_EQ(::mount("gds", temp->path().c_str(), "tmpfs", 0, "size=1m"), 0)
        << "this test mounts a small file system and so runs as root";
    {
        const Fd fd = open("file");
        EXPECT_FALSE(DirectWriter::begin(fd.get(), "file"));
    }
    EXPECT_EQ(::umount2(temp->path().c_str(), MNT_DETACH), 0);
}

TEST_F(DirectWriterTest, LeavesAFileThatAnythingCanWrite) {
    const Fd fd = open("file");
    {
        DirectWriter writer(fd.get(), "file");
        ASSERT_TRUE(is_direct(fd)) << kNeedsDisk;
        ASSERT_TRUE(append(writer, sample(kBlock + 5)));
    }
    EXPECT_FALSE(is_direct(fd));
    EXPECT_TRUE(in_child([&] {
        return refuse_call(SYS_clone3, EAGAIN) && !DirectWriter::begin(fd.get(), "file") &&
               !is_direct(fd);
    })) << "where a process gets no thread";
}

}  // namespace
}  // namespace gds::transfer
