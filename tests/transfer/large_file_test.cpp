// Files so large that their bytes go to the disk past the page cache.
#include "direct_writer.h"
#include "gds/transfer/downloads.h"
#include "partial.h"
#include "transfer/bench.h"
#include "transfer/late_disk.h"
#include "transfer/page_cache.h"
#include "volume/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>

namespace gds::transfer {
namespace {

using testing::Bench;
using testing::cached_bytes;
using testing::Connection;
using testing::make_disk_late;
using testing::part;
using testing::RawRequest;
using testing::sample;
using testing::whole;
using volume::testing::in_child;

/// Of no round length.
const std::string& large() {
    static const std::string body = sample((33U << 20U) + 12'345);
    return body;
}

/// Serves it, ranges too where `ranges`; the first `breaks` answers end after 20 MiB and some.
testing::RawServer::Handler serving(int breaks = 0, bool ranges = true) {
    return [=, answers = std::make_shared<std::atomic<int>>(0)](const RawRequest& request,
                                                                Connection& connection) {
        const auto text =
            ranges && request.range_from ? part(large(), *request.range_from) : whole(large());
        const bool broken = (*answers)++ < breaks;
        connection.send(broken ? std::string_view(text).substr(0, (20U << 20U) + 3333) : text);
    };
}

TEST(LargeFile, IsWrittenPastThePageCache) {
    disk_pace().forget();
    Bench bench(serving());
    ASSERT_TRUE(bench.run({bench.job("file", large())}));
    ASSERT_TRUE(bench.published("file"));
    EXPECT_TRUE(cached_bytes(bench.temp.full("file")) <= DirectWriter::kLargestBlock ||
                disk_pace().late())
        << "this test needs a TMPDIR on a disk, with ext4 or xfs";
    EXPECT_EQ(bench.temp.read("file"), large());
}

TEST(LargeFile, IsContinuedAtTheNextByteAfterABreak) {
    Bench bench(serving(1));
    ASSERT_TRUE(bench.run({bench.job("file", large())}));
    ASSERT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), large());
    EXPECT_EQ(bench.progress.bytes_done, static_cast<std::int64_t>(large().size()));
}

TEST(LargeFile, IsReadFromItsFirstByteWhereRangeIsIgnored) {
    Bench bench(serving(2, false));
    ASSERT_TRUE(bench.run({bench.job("file", large())}));
    ASSERT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), large());
}

TEST(LargeFile, AStopKeepsEveryByteForTheNextRun) {
    Bench bench([](const RawRequest& request, Connection& connection) {
        if (request.range_from) {
            connection.send(part(large(), *request.range_from));
            return;
        }
        connection.send(std::string_view(whole(large())).substr(0, (20U << 20U) + 3333));
        connection.wait_for_close();
    });
    auto job = bench.job("file", large());
    job.resume_key = "key";
    std::int64_t received = 0;
    {
        Cancel cancel;
        http::Engine engine(testing::quick_retries(0), cancel);
        Downloads downloads(engine, *bench.temp, bench.trash, Options(), cancel);
        auto next = std::optional(job);
        ASSERT_TRUE(downloads.run([&] { return std::exchange(next, std::nullopt); },
                                  [](const std::vector<Outcome>&) { return Status(); },
                                  [&](const Progress& progress) {
                                      received = progress.bytes_done;
                                      if (received > (20 << 20)) {
                                          cancel.stop(StopReason::terminated);
                                      }
                                  }));
    }
    EXPECT_EQ(staged_bytes(*bench.temp, "key"), received);
    ASSERT_TRUE(bench.run({std::move(job)}));
    ASSERT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), large());
    EXPECT_EQ(bench.server.requests().back().range_from, received);
}

TEST(LargeFile, ADiskThatFillsInTheMiddleEndsTheRunAndKeepsWhatCame) {
    EXPECT_TRUE(in_child([] {
        Bench bench(serving());
        auto job = bench.job("file", large());
        job.resume_key = "key";
        // The process may write files up to there, the last block only in part.
        const rlimit most{(9U << 20U) + 1000, RLIM_INFINITY};
        const bool limited = ::setrlimit(RLIMIT_FSIZE, &most) == 0 &&
                             ::signal(SIGXFSZ, SIG_IGN) != SIG_ERR;  // EFBIG instead
        const auto ran = bench.run({job});
        const auto left = staged_bytes(*bench.temp, "key");
        const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
        const bool freed = ::setrlimit(RLIMIT_FSIZE, &none) == 0;
        return limited && ran && bench.failure("file") == Code::io && left > (8 << 20) &&
               left <= (9 << 20) + 1000 && freed && bench.run({job}) &&
               bench.server.requests().back().range_from == left && bench.published("file") &&
               bench.temp.read("file") == large();
    }));
}

class PartialTest : public ::testing::Test {
protected:
    PartialTest() { disk_pace().forget(); }
    ~PartialTest() override { disk_pace().forget(); }

    Partial open(const std::string& bytes) {
        Partial::Plan plan;
        plan.path = staging_path() + "/file";
        plan.size = static_cast<std::int64_t>(bytes.size());
        EXPECT_TRUE(volume::make_state_dir(*temp));
        volume::Cursor staging(*temp);
        return std::move(*Partial::open(staging, plan));
    }
    std::string staged() const { return temp.read(staging_path() + "/file"); }

    volume::testing::TempVolume temp;
};

TEST_F(PartialTest, NothingOfBeforeARestartIsWrittenAfterIt) {
    Partial partial = open(large());
    const auto block = std::string_view(large()).substr(0, DirectWriter::kLargestBlock);
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(partial.append(block));  // is on its way from here on
        ASSERT_TRUE(partial.restart());
        ASSERT_TRUE(partial.append("anew"));
        ASSERT_TRUE(partial.flush());
        ASSERT_EQ(staged().size(), 4U) << i;
        ASSERT_TRUE(partial.restart());
    }
}

TEST_F(PartialTest, GoesOnThroughTheCacheWhereTheDiskIsLate) {
    Partial partial = open(large());
    constexpr std::size_t kPiece = 16'001;
    bool was_late = false;
    for (std::size_t at = 0; at < large().size(); at += kPiece) {
        if (at / kPiece == 1000) {
            was_late = disk_pace().late();
            make_disk_late();
        }
        ASSERT_TRUE(partial.append(std::string_view(large()).substr(at, kPiece)));
    }
    EXPECT_EQ(partial.offset(), static_cast<std::int64_t>(large().size()));
    ASSERT_TRUE(partial.flush());
    const auto cached = cached_bytes(temp.full(staging_path() + "/file"));
    EXPECT_GT(cached, large().size() / 3);
    EXPECT_TRUE(cached < large().size() * 2 / 3 || was_late) << "half of it went to the disk";
    EXPECT_EQ(staged(), large());
}

TEST_F(PartialTest, AnEmptyPieceChangesNothing) {
    Partial partial = open(large());
    ASSERT_TRUE(partial.append(""));
    ASSERT_TRUE(partial.append(large()));
    ASSERT_TRUE(partial.flush());
    EXPECT_LE(cached_bytes(temp.full(staging_path() + "/file")), DirectWriter::kLargestBlock);
    EXPECT_EQ(staged(), large());
}

}  // namespace
}  // namespace gds::transfer
