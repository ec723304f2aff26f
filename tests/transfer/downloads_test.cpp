#include "gds/transfer/downloads.h"

#include "transfer/bench.h"
#include "volume/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

namespace gds::transfer {
namespace {

using testing::answer;
using testing::Bench;
using testing::Connection;
using testing::part;
using testing::RawRequest;
using testing::sample;
using testing::whole;
using volume::testing::in_child;
using volume::testing::refuse_call;

/// Serves `body` well, ranges too.
testing::RawServer::Handler serving(const std::string& body) {
    return [body](const RawRequest& request, Connection& connection) {
        connection.send(request.range_from ? part(body, *request.range_from) : whole(body));
    };
}

TEST(Downloads, PublishesVerifiedBytesWithTimeAndMode) {
    const auto body = sample(300'000);
    Bench bench(serving(body));
    const mode_t before = ::umask(027);
    const auto ran = bench.run({bench.job("file", body)});
    ::umask(before);
    ASSERT_TRUE(ran) << ran.error().message;
    ASSERT_TRUE(bench.published("file"));
    const auto& published = *bench.outcomes.at("file").result;
    EXPECT_EQ(published.size, 300'000);
    EXPECT_EQ(published.mtime_ns, 1'600'000'000'123'000'000);
    EXPECT_EQ(published.digest, crypto::digest(crypto::Algorithm::md5, body));
    const auto stat = *bench.temp->stat("file");
    EXPECT_EQ(stat->mode, 0640U);
    EXPECT_EQ(stat->mtime_ns, published.mtime_ns);
    EXPECT_EQ(bench.temp.read("file"), body);
    EXPECT_TRUE(bench.staged().empty());
    EXPECT_EQ(bench.progress.files_done, 1);
    EXPECT_EQ(bench.progress.bytes_done, 300'000);
    EXPECT_EQ(bench.progress.active, 0);
}

unsigned mode_of(const Bench& bench, const std::string& path) {
    return (*bench.temp->stat(path))->mode;
}

TEST(Downloads, ANewFileHasItsModeFromTheStart) {
    EXPECT_TRUE(in_child([] {
        Bench bench(serving("text"));
        const bool refused = refuse_call(SYS_fchmod, EPERM);
        bench.options.file_mode = 0640;
        return refused && bench.run({bench.job("file", "text")}) && bench.published("file") &&
               mode_of(bench, "file") == 0640U;
    }));
}

TEST(Downloads, APartialOfAnotherModeGetsTheRightOne) {
    const auto body = sample(1000);
    Bench bench(serving(body));
    auto job = bench.job("file", body);
    job.resume_key = "key";
    bench.temp.write(".gdrive-sync/staging/key.part", body.substr(0, 400));
    ASSERT_EQ(::chmod(bench.temp.full(".gdrive-sync/staging/key.part").c_str(), 0600), 0);
    bench.options.file_mode = 0644;
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(mode_of(bench, "file"), 0644U);
}

TEST(Downloads, AReadOnlyFileStaysWritableUntilItIsComplete) {
    const auto body = sample(1000);
    unsigned meanwhile = 0;
    Bench* running = nullptr;
    Bench bench([&](const RawRequest&, Connection& connection) {
        meanwhile = mode_of(*running, ".gdrive-sync/staging/key.part");
        connection.send(whole(body));
    });
    running = &bench;
    auto job = bench.job("file", body);
    job.resume_key = "key";
    bench.options.file_mode = 0444;
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_EQ(meanwhile, 0644U);
    EXPECT_EQ(mode_of(bench, "file"), 0444U);
}

/// The entries u::rwx, g::---, o::--- as the kernel keeps them in an attribute.
constexpr std::array<unsigned char, 28> kPrivateAcl{
    2,    0, 0, 0,                           // version
    0x01, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,   // owner
    0x04, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,   // group
    0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};  // others

TEST(Downloads, ADefaultAclOfTheFolderDoesNotDecideTheMode) {
    Bench bench(serving("text"));
    ASSERT_TRUE(volume::make_state_dir(*bench.temp));
    if (::setxattr(bench.temp.full(".gdrive-sync/staging").c_str(), "system.posix_acl_default",
                   kPrivateAcl.data(), kPrivateAcl.size(), 0) != 0) {
        GTEST_SKIP() << "no access lists on this file system";
    }
    bench.options.file_mode = 0644;
    ASSERT_TRUE(bench.run({bench.job("file", "text")}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(mode_of(bench, "file"), 0644U);
}

TEST(Downloads, AnEmptyFileIsAskedForToo) {
    Bench bench(serving(""));
    ASSERT_TRUE(bench.run({bench.job("empty", "")}));
    EXPECT_TRUE(bench.published("empty"));
    EXPECT_EQ(bench.temp.read("empty"), "");
    EXPECT_EQ(bench.server.requests().size(), 1U);
}

TEST(Downloads, AReplacedFileStaysInTheTrash) {
    Bench bench(serving("new content"));
    bench.temp.write("file", "old");
    ASSERT_TRUE(bench.run({bench.update("file", "new content")}));
    ASSERT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), "new content");
    const auto kept = *volume::read_trash_manifest(*bench.temp, "run");
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].path, "file");
    EXPECT_EQ(kept[0].successor, to_hex(crypto::digest(crypto::Algorithm::md5, "new content")));
    EXPECT_EQ(bench.temp.read(".gdrive-sync/trash/run/" + kept[0].stored), "old");
}

TEST(Downloads, ABreakInTheMiddleIsContinuedAtTheNextByte) {
    const auto body = sample(200'000);
    std::atomic<int> attempts = 0;
    Bench bench([&](const RawRequest& request, Connection& connection) {
        const auto text = request.range_from ? part(body, *request.range_from) : whole(body);
        // The first two connections break after some bytes.
        connection.send(attempts++ < 2 ? std::string_view(text).substr(0, 80'000) : text);
    });
    ASSERT_TRUE(bench.run({bench.job("file", body)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), body);
    const auto requests = bench.server.requests();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_FALSE(requests[0].range_from);
    EXPECT_GT(*requests[1].range_from, 0);
    EXPECT_GT(*requests[2].range_from, *requests[1].range_from);
    EXPECT_EQ(bench.progress.bytes_done, 200'000) << "no byte came twice";
}

TEST(Downloads, AServerThatIgnoresRangeIsReadFromItsFirstByte) {
    const auto body = sample(200'000);
    std::atomic<int> attempts = 0;
    Bench bench([&](const RawRequest&, Connection& connection) {
        const auto text = whole(body);
        connection.send(attempts++ == 0 ? std::string_view(text).substr(0, 80'000) : text);
    });
    ASSERT_TRUE(bench.run({bench.job("file", body)}));
    EXPECT_EQ(bench.temp.read("file"), body);
    EXPECT_TRUE(bench.published("file"));
}

struct WrongPart {
    const char* name;
    std::string response;
};

class WrongRangeAnswer : public ::testing::TestWithParam<WrongPart> {};

TEST_P(WrongRangeAnswer, StartsOnceFromTheFirstByte) {
    const auto body = sample(1000);
    Bench bench([&](const RawRequest& request, Connection& connection) {
        connection.send(request.range_from ? GetParam().response : whole(body));
    });
    ASSERT_TRUE(volume::make_state_dir(*bench.temp));
    auto job = bench.job("file", body);
    job.resume_key = "key";
    bench.temp.write(".gdrive-sync/staging/key.part", body.substr(0, 400));
    ASSERT_TRUE(bench.run({std::move(job)}));
    ASSERT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), body);
    const auto requests = bench.server.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].range_from, 400);
    EXPECT_FALSE(requests[1].range_from);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, WrongRangeAnswer,
    ::testing::Values(
        WrongPart{"not_satisfiable",
                  answer("416 Range Not Satisfiable",
                         "Content-Range: bytes */1000\r\nContent-Length: 0\r\n", "")},
        WrongPart{"no_content_range",
                  answer("206 Partial Content", "Content-Length: 3\r\n", "abc")},
        WrongPart{
            "another_offset",
            answer("206 Partial Content",
                   "Content-Length: 600\r\nContent-Range: bytes 399-998/1000\r\n", sample(600))},
        WrongPart{
            "another_total",
            answer("206 Partial Content",
                   "Content-Length: 600\r\nContent-Range: bytes 400-999/1001\r\n", sample(600))}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Downloads, APartialOfAnEarlierRunIsContinued) {
    const auto body = sample(5'000'000);
    Bench bench(serving(body));
    auto job = bench.job("file", body);
    job.resume_key = "key";
    bench.temp.write(".gdrive-sync/staging/key.part", body.substr(0, 3'000'000));
    EXPECT_EQ(staged_bytes(*bench.temp, "key"), 3'000'000);
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), body);
    EXPECT_EQ(bench.server.requests().at(0).range_from, 3'000'000);
    EXPECT_EQ(bench.progress.bytes_done, 2'000'000);
}

TEST(Downloads, ACompletePartialNeedsNoRequest) {
    const auto body = sample(100'000);
    Bench bench(serving(body));
    auto job = bench.job("file", body);
    job.resume_key = "key";
    bench.temp.write(".gdrive-sync/staging/key.part", body);
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), body);
    EXPECT_TRUE(bench.server.requests().empty());
}

class WrongPartial : public ::testing::TestWithParam<std::size_t> {};

TEST_P(WrongPartial, IsFetchedFromItsFirstByte) {
    const auto body = sample(1000);
    Bench bench(serving(body), 0);
    auto job = bench.job("file", body);
    job.resume_key = "key";
    bench.temp.write(".gdrive-sync/staging/key.part", sample(GetParam(), 77));
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), body);
    EXPECT_FALSE(bench.server.requests().back().range_from);
}

INSTANTIATE_TEST_SUITE_P(Sizes, WrongPartial, ::testing::Values(0, 400, 1000, 1001, 5000));

TEST(Downloads, ASymlinkInStagingIsNeverWrittenThrough) {
    const auto body = sample(1000);
    Bench bench(serving(body));
    ASSERT_TRUE(volume::make_state_dir(*bench.temp));
    bench.temp.write("victim", "precious");
    std::filesystem::create_symlink(bench.temp.full("victim"),
                                    bench.temp.full(".gdrive-sync/staging/key.part"));
    auto job = bench.job("file", body);
    job.resume_key = "key";
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("victim"), "precious");
    EXPECT_EQ((*bench.temp->stat("file"))->type, volume::FileType::file);
}

TEST(Downloads, AHardLinkInStagingIsNeverWrittenThrough) {
    const auto body = sample(1000);
    Bench bench(serving(body));
    ASSERT_TRUE(volume::make_state_dir(*bench.temp));
    bench.temp.write("victim", "precious");
    ASSERT_TRUE(bench.temp->link("victim", ".gdrive-sync/staging/key.part"));
    auto job = bench.job("file", body);
    job.resume_key = "key";
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_EQ(bench.temp.read("victim"), "precious");
    EXPECT_EQ(bench.temp.read("file"), body);
}

TEST(Downloads, OneKeyAtTwoPathsGivesTwoWholeFiles) {
    const auto body = sample(400'000);
    Bench bench(serving(body));
    std::vector<Job> jobs;
    for (const char* path : {"a", "b", "c"}) {
        jobs.push_back(bench.job(path, body));
        jobs.back().resume_key = "key";
    }
    ASSERT_TRUE(bench.run(std::move(jobs)));
    for (const char* path : {"a", "b", "c"}) {
        EXPECT_TRUE(bench.published(path));
        EXPECT_EQ(bench.temp.read(path), body);
    }
}

TEST(Downloads, AKeyIsFreeAgainOnceItsFileIsOver) {
    const auto body = sample(400'000);
    Bench bench([&](const RawRequest& request, Connection& connection) {
        const auto text = request.range_from ? part(body, *request.range_from) : whole(body);
        const bool fails = request.path == "/a";
        connection.send(fails ? std::string_view(text).substr(0, 10'000) : text);
    });
    std::vector<Job> jobs;
    for (const char* path : {"a", "b"}) {
        jobs.push_back(bench.job(path, body));
        jobs.back().resume_key = "key";
    }
    ASSERT_TRUE(bench.run(std::move(jobs), 1));
    EXPECT_TRUE(bench.failure("a"));
    ASSERT_TRUE(bench.published("b"));
    EXPECT_EQ(bench.temp.read("b"), body);
    EXPECT_GT(bench.server.requests().back().range_from.value_or(0), 0)
        << "what came of the same bytes is used";
}

TEST(Downloads, AMismatchNeverReplacesAndSaysWhatCame) {
    const auto promised = sample(1000);
    const auto sent = sample(1000, 9);
    Bench bench(serving(sent));
    bench.temp.write("file", "old");
    auto job = bench.update("file", promised);
    job.resume_key = "key";
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_EQ(bench.failure("file"), Code::mismatch);
    const auto& outcome = bench.outcomes.at("file");
    EXPECT_EQ(outcome.actual_digest, crypto::digest(crypto::Algorithm::md5, sent));
    EXPECT_EQ(outcome.actual_size, 1000);
    EXPECT_EQ(bench.temp.read("file"), "old");
    EXPECT_TRUE(bench.staged().empty()) << "wrong bytes are no use to a later run";
    EXPECT_EQ(bench.server.requests().size(), 1U);
}

TEST(Downloads, AnotherSizeThanPromisedIsAMismatchBeforeTheFirstByte) {
    Bench bench(serving(sample(1001)));
    ASSERT_TRUE(bench.run({bench.job("file", sample(1000))}));
    EXPECT_EQ(bench.failure("file"), Code::mismatch);
    EXPECT_EQ(bench.outcomes.at("file").actual_size, 1001);
    EXPECT_EQ(bench.progress.bytes_done, 0);
    EXPECT_FALSE(bench.temp.exists("file"));
}

TEST(Downloads, MoreBytesThanPromisedAreAbortedAtOnce) {
    Bench bench([](const RawRequest&, Connection& connection) {
        // No Content-Length: only the bytes tell. It would go on for ever.
        connection.send(answer("200 OK", "", ""));
        const std::string block(65'536, 'x');
        while (connection.send(block)) {
        }
    });
    ASSERT_TRUE(bench.run({bench.job("file", sample(100'000))}));
    EXPECT_EQ(bench.failure("file"), Code::mismatch);
    EXPECT_TRUE(bench.staged().empty());
}

TEST(Downloads, AShortBodyWithoutLengthIsTriedAgain) {
    const auto body = sample(1000);
    std::atomic<int> attempts = 0;
    Bench bench([&](const RawRequest& request, Connection& connection) {
        connection.send(attempts++ == 0      ? answer("200 OK", "", body.substr(0, 300))
                        : request.range_from ? part(body, *request.range_from)
                                             : whole(body));
    });
    ASSERT_TRUE(bench.run({bench.job("file", body)}));
    EXPECT_EQ(bench.temp.read("file"), body);
    EXPECT_EQ(bench.server.requests().at(1).range_from, 300);
}

TEST(Downloads, AnUnwantedEncodingIsNoContent) {
    Bench bench(
        [](const RawRequest&, Connection& connection) {
            connection.send(answer("200 OK", "Content-Encoding: gzip\r\n", "zzz"));
        },
        0);
    ASSERT_TRUE(bench.run({bench.job("file", "zzz")}));
    EXPECT_EQ(bench.failure("file"), Code::bad_response);
    EXPECT_FALSE(bench.temp.exists("file"));
}

TEST(Downloads, WithoutAChecksumPartsAreNeverPutTogether) {
    const auto body = sample(100'000);
    std::atomic<int> attempts = 0;
    Bench bench([&](const RawRequest& request, Connection& connection) {
        const auto text = request.range_from ? part(body, *request.range_from) : whole(body);
        connection.send(attempts++ == 0 ? std::string_view(text).substr(0, 50'000) : text);
    });
    auto job = bench.job("file", body);
    job.digest.clear();
    job.resume_key = "key";
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.outcomes.at("file").result->digest,
              crypto::digest(crypto::Algorithm::md5, body));
    for (const auto& request : bench.server.requests()) {
        EXPECT_FALSE(request.range_from);
    }
}

TEST(Downloads, OneRefusedFileIsOneRefusedFile) {
    const auto body = sample(1000);
    Bench bench([&](const RawRequest& request, Connection& connection) {
        connection.send(request.path == "/gone"
                            ? answer("404 Not Found", "Content-Length: 0\r\n", "")
                            : whole(body));
    });
    ASSERT_TRUE(bench.run({bench.job("a", body), bench.job("gone", body), bench.job("b", body)}));
    EXPECT_TRUE(bench.published("a"));
    EXPECT_TRUE(bench.published("b"));
    EXPECT_EQ(bench.failure("gone"), Code::not_found);
    EXPECT_TRUE(bench.staged().empty());
}

Job export_job(Bench& bench, const std::string& path) {
    auto job = bench.job(path, "");
    job.size.reset();
    job.digest.clear();
    job.ranges = false;
    job.format = FormatCheck{"application/pdf", "pdf"};
    return job;
}

TEST(Downloads, AnExportIsJudgedByItsFormat) {
    Bench bench(
        [](const RawRequest& request, Connection& connection) {
            connection.send(
                request.path == "/good"
                    ? answer("200 OK", "Content-Type: application/pdf\r\n", "%PDF-1.7 text %%EOF\n")
                    : answer("200 OK", "Content-Type: text/html\r\n", "<html>Sign in</html>"));
        },
        0);
    ASSERT_TRUE(bench.run({export_job(bench, "good"), export_job(bench, "login")}));
    EXPECT_TRUE(bench.published("good"));
    EXPECT_EQ(bench.temp.read("good"), "%PDF-1.7 text %%EOF\n");
    EXPECT_EQ(bench.failure("login"), Code::bad_response);
    EXPECT_FALSE(bench.temp.exists("login"));
    EXPECT_TRUE(bench.staged().empty());
}

TEST(Downloads, ABrokenExportStartsAgain) {
    std::atomic<int> attempts = 0;
    const std::string text = "%PDF-1.7 text %%EOF\n";
    Bench bench([&](const RawRequest&, Connection& connection) {
        // Made anew for each request, and never of the same length.
        const auto body = attempts++ == 0 ? text + "comment" : text;
        const auto full = answer("200 OK",
                                 "Content-Type: application/pdf\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n",
                                 body);
        connection.send(attempts == 1 ? std::string_view(full).substr(0, full.size() - 5) : full);
    });
    ASSERT_TRUE(bench.run({export_job(bench, "doc")}));
    EXPECT_EQ(bench.temp.read("doc"), text);
}

TEST(Downloads, AStopKeepsResumablePartialsAndReportsNoFailure) {
    const auto body = sample(500'000);
    Bench bench([&](const RawRequest&, Connection& connection) {
        connection.send(std::string_view(whole(body)).substr(0, 300'000));
        connection.wait_for_close();
    });
    auto resumable = bench.job("a", body);
    resumable.resume_key = "key";
    std::vector<Job> jobs;
    jobs.push_back(std::move(resumable));
    jobs.push_back(bench.job("b", body));
    Options options;
    Downloads downloads(bench.engine, *bench.temp, bench.trash, options, bench.cancel);
    std::size_t next = 0;
    const auto ran = downloads.run(
        [&]() -> std::optional<Job> {
            return next < jobs.size() ? std::optional(std::move(jobs[next++])) : std::nullopt;
        },
        [](const std::vector<Outcome>&) {
            ADD_FAILURE() << "nothing was finished";
            return Status();
        },
        [&](const Progress& progress) {
            if (progress.bytes_done > 500'000) {
                bench.cancel.stop(StopReason::terminated);
            }
        });
    EXPECT_TRUE(ran);
    EXPECT_THAT(bench.staged(), ::testing::ElementsAre("key.part"));
    const auto left = staged_bytes(*bench.temp, "key");
    EXPECT_GT(left, 200'000);
    EXPECT_EQ(bench.temp.read(".gdrive-sync/staging/key.part"),
              body.substr(0, static_cast<std::size_t>(left)));
}

TEST(Downloads, ThousandsOfFilesAreGroupedAndAllCommitted) {
    Bench bench([](const RawRequest& request, Connection& connection) {
        connection.send(whole(request.path));
    });
    std::vector<Job> jobs;
    for (int i = 0; i < 600; ++i) {
        const auto path = "file" + std::to_string(i);
        jobs.push_back(bench.job(path, "/" + path));
    }
    ASSERT_TRUE(bench.run(std::move(jobs), 16));
    ASSERT_EQ(bench.outcomes.size(), 600U);
    for (const auto& [path, outcome] : bench.outcomes) {
        ASSERT_TRUE(outcome.result) << path;
    }
    EXPECT_EQ(bench.temp.read("file599"), "/file599");
    EXPECT_LT(bench.commits, 60);  // each costs a dozen waits for the disk
}

TEST(Downloads, AFailedCommitEndsTheRunAndPublishesNothingMore) {
    Bench bench([](const RawRequest& request, Connection& connection) {
        connection.send(whole(request.path));
    });
    Options options;
    options.transfers = 2;
    Downloads downloads(bench.engine, *bench.temp, bench.trash, options, bench.cancel);
    int given = 0;
    int commits = 0;
    const auto ran = downloads.run(
        [&]() -> std::optional<Job> {
            const auto path = "file" + std::to_string(given++);
            return bench.job(path, "/" + path);
        },
        [&](const std::vector<Outcome>&) -> Status {
            ++commits;
            return error(Code::io, "the database is gone");
        });
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().message, "the database is gone");
    EXPECT_EQ(commits, 1);
    EXPECT_LT(given, 2000);
}

TEST(CleanStaging, RemovesWhatRunsLeftAndFollowsNothing) {
    const volume::testing::TempVolume temp;
    ASSERT_TRUE(clean_staging(*temp));
    const std::string staging = ".gdrive-sync/staging/";
    temp.write(staging + "6b6579.part", "of an earlier version");
    temp.write(staging + "key.part", "resumable");
    temp.write(staging + "abc.tmp", "ours, not resumable");
    temp.write(staging + "rubbish", "?");
    temp.write(staging + "folder/file", "?");
    temp.write("outside", "precious");
    std::filesystem::create_symlink(temp.full("outside"), temp.full(staging + "6c696e6b.part"));
    ASSERT_TRUE(clean_staging(*temp));
    EXPECT_THAT(temp.names(staging), ::testing::ElementsAre("folder"));
    EXPECT_EQ(temp.read("outside"), "precious");
}

TEST(StagedBytes, AreNoneForAKeyThatIsNeverResumed) {
    const volume::testing::TempVolume temp;
    EXPECT_EQ(staged_bytes(*temp, ""), 0);
    EXPECT_EQ(staged_bytes(*temp, "key"), 0);
}

}  // namespace
}  // namespace gds::transfer
