#include "group.h"
#include "transfer/bench.h"
#include "volume/child.h"
#include "volume/swapper.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace gds::transfer {
namespace {

using testing::Bench;
using testing::Connection;
using testing::RawRequest;
using testing::sample;
using testing::whole;
using volume::testing::in_child;
using volume::testing::refuse_call;
using volume::testing::Swapper;
using volume::testing::TempVolume;

/// Answers each path with its own text.
void echo_path(const RawRequest& request, Connection& connection) {
    connection.send(whole(request.path));
}

TEST(Publish, NeedsTheParentFolder) {
    Bench bench(echo_path);
    ASSERT_TRUE(bench.run({bench.job("absent/file", "/absent/file")}));
    EXPECT_EQ(bench.failure("absent/file"), Code::not_found);
    EXPECT_THAT(bench.message("absent/file"), ::testing::StartsWith("absent/file: "));
    EXPECT_TRUE(bench.staged().empty());
}

TEST(Publish, NeverFollowsASymlinkOutOfTheDestination) {
    Bench bench(echo_path);
    const TempVolume outside;
    std::filesystem::create_directory_symlink(outside->path(), bench.temp.full("door"));
    ASSERT_TRUE(bench.run({bench.job("door/file", "/door/file")}));
    EXPECT_EQ(bench.failure("door/file"), Code::conflict);
    EXPECT_TRUE(outside.names("").empty());
}

TEST(Publish, RefusesPathsThatLeadElsewhere) {
    Bench bench([](const RawRequest&, Connection& connection) { connection.send(whole("x")); });
    for (const char* path : {"../escape", "/etc/escape", "a/../../escape", "."}) {
        ASSERT_TRUE(bench.run({bench.job(path, "x")}));
        EXPECT_EQ(bench.failure(path), Code::invalid_argument) << path;
    }
}

TEST(Publish, AFileThatAppearedMeanwhileIsAConflict) {
    Bench bench(echo_path);
    bench.temp.write("taken", "theirs");
    ASSERT_TRUE(bench.run({bench.job("taken", "/taken")}));
    EXPECT_EQ(bench.failure("taken"), Code::conflict);
    EXPECT_THAT(bench.message("taken"), ::testing::StartsWith("taken: something else took this"));
    EXPECT_TRUE(bench.staged().empty());
    EXPECT_EQ(bench.temp.read("taken"), "theirs");
}

TEST(Publish, AFileThatChangedMeanwhileIsAConflict) {
    Bench bench(echo_path);
    bench.temp.write("size", "old");
    bench.temp.write("time", "old");
    std::vector<Job> jobs{bench.update("size", "/size"), bench.update("time", "/time")};
    bench.temp.write("size", "edited by hand");
    ASSERT_TRUE(bench.temp->set_mtime_ms("time", 1000));
    ASSERT_TRUE(bench.run(std::move(jobs)));
    EXPECT_EQ(bench.failure("size"), Code::conflict);
    EXPECT_EQ(bench.failure("time"), Code::conflict);
    EXPECT_EQ(bench.temp.read("size"), "edited by hand");
    EXPECT_EQ(bench.temp.read("time"), "old");
    EXPECT_FALSE(bench.temp.exists(".gdrive-sync/trash/run"));
}

TEST(Publish, AFileThatVanishedMeanwhileLeavesItsPlaceFree) {
    Bench bench(echo_path);
    bench.temp.write("file", "old");
    std::vector<Job> jobs{bench.update("file", "/file")};
    ASSERT_TRUE(bench.temp->remove_file("file"));
    ASSERT_TRUE(bench.run(std::move(jobs)));
    EXPECT_TRUE(bench.published("file"));
    EXPECT_EQ(bench.temp.read("file"), "/file");
}

TEST(Publish, AFolderInTheWayIsAConflict) {
    Bench bench(echo_path);
    bench.temp.write("file", "old");
    std::vector<Job> jobs{bench.update("file", "/file")};
    ASSERT_TRUE(bench.temp->remove_file("file"));
    ASSERT_TRUE(bench.temp->make_dir("file", 0777));
    ASSERT_TRUE(bench.run(std::move(jobs)));
    EXPECT_EQ(bench.failure("file"), Code::conflict);
}

TEST(Publish, WorksBelowPathMax) {
    Bench bench([](const RawRequest&, Connection& connection) { connection.send(whole("deep")); });
    std::string folder;
    for (int i = 0; i < 30; ++i) {
        folder += (folder.empty() ? "" : "/") + std::string(200, 'd');
        ASSERT_TRUE(bench.temp->make_dir(folder, 0777));
    }
    auto job = bench.job("x", "deep");
    job.path = folder + "/file";
    ASSERT_TRUE(bench.run({std::move(job)}));
    EXPECT_TRUE(bench.published(folder + "/file"));
    EXPECT_EQ((*bench.temp->stat(folder + "/file"))->size, 4);
}

/// A file of `text` in staging, as a download leaves it.
Staged stage(const TempVolume& temp, const std::string& path, const std::string& text) {
    Staged staged;
    staged.path = path;
    staged.staging = ".gdrive-sync/staging/" + path + ".tmp";
    staged.content.size = static_cast<std::int64_t>(text.size());
    staged.content.digest = crypto::digest(crypto::Algorithm::md5, text);
    temp.write(staged.staging, text);
    if (const auto there = *temp->stat(path)) {
        volume::TrashEntry entry;
        entry.path = path;
        entry.why = "replaced";
        entry.size = there->size;
        entry.mtime_ns = there->mtime_ns;
        staged.replaces = entry;
    }
    return staged;
}

std::vector<Staged> stage_many(const TempVolume& temp, int count) {
    std::vector<Staged> files;
    for (int i = 0; i < count; ++i) {
        files.push_back(stage(temp, "f" + std::to_string(i), "new"));
    }
    return files;
}

std::size_t successes(const GroupResult& result) {
    return static_cast<std::size_t>(
        std::count_if(result.outcomes.begin(), result.outcomes.end(),
                      [](const Outcome& outcome) { return outcome.result.has_value(); }));
}

TEST(PublishGroup, FallsBackToEachFileWhereTheFileSystemReportsAnError) {
    const TempVolume temp;
    EXPECT_TRUE(in_child([&] {
        volume::Trash trash(*temp, "run", true);
        const auto refused = refuse_call(SYS_syncfs, EIO);
        return refused && successes(publish_group(*temp, trash, stage_many(temp, 40))) == 40;
    }));
    EXPECT_EQ(temp.read("f39"), "new");
}

TEST(PublishGroup, NothingIsPublishedThatCouldNotBeMadeDurable) {
    const TempVolume temp;
    temp.write("f0", "old");
    EXPECT_TRUE(in_child([&] {
        volume::Trash trash(*temp, "run", true);
        auto files = stage_many(temp, 3);
        const auto refused = refuse_call(SYS_fsync, EIO);
        const auto result = publish_group(*temp, trash, std::move(files));
        return refused && successes(result) == 0 && result.outcomes.size() == 3;
    }));
    EXPECT_EQ(temp.read("f0"), "old");
    EXPECT_FALSE(temp.exists("f1"));
    EXPECT_TRUE(temp.names(".gdrive-sync/staging").empty());
}

/// In staging for a path in a folder.
Staged stage_in(const TempVolume& temp, const std::string& folder, const std::string& name) {
    auto staged = stage(temp, folder + name, folder + name);
    staged.path = folder + "/" + name;
    return staged;
}

TEST(PublishGroup, FoldersThatAlternateGetTheirOwnFiles) {
    const TempVolume temp;
    temp.write("a/kept", "");
    temp.write("b/kept", "");
    std::vector<Staged> files;
    for (int i = 0; i < 10; ++i) {
        const auto name = std::to_string(i);
        files.push_back(stage_in(temp, "a", name));
        files.push_back(stage_in(temp, "b", name));
        files.push_back(stage_in(temp, "absent", name));
    }
    volume::Trash trash(*temp, "run", true);
    const auto result = publish_group(*temp, trash, std::move(files));
    EXPECT_EQ(successes(result), 20U);
    EXPECT_EQ(temp.names("a").size(), 11U);
    EXPECT_EQ(temp.read("a/7"), "a7");
    EXPECT_EQ(temp.read("b/9"), "b9");
    EXPECT_FALSE(temp.exists("absent"));
}

TEST(PublishGroup, AFolderSwappedForASymlinkMeanwhileNeverLeadsOutside) {
    const TempVolume temp;
    const TempVolume outside;
    temp.write("folder/kept", "");
    Swapper swapper(temp, outside);
    std::vector<std::string> published;
    for (int round = 0; round < 100; ++round) {
        std::vector<Staged> files;
        for (int i = 0; i < 6; ++i) {
            files.push_back(stage_in(temp, "folder", std::to_string(round * 6 + i)));
        }
        volume::Trash trash(*temp, "run", true);
        for (const auto& outcome : publish_group(*temp, trash, std::move(files)).outcomes) {
            if (outcome.result) {
                published.push_back(outcome.path);
            } else {
                EXPECT_EQ(outcome.result.error().code, Code::conflict);
            }
        }
    }
    swapper.stop();
    EXPECT_TRUE(outside.names("").empty());
    for (const auto& path : published) {
        EXPECT_TRUE(temp.exists(path)) << path;
    }
}

TEST(PublishGroup, RefusedLinksOnlyCostTheOldCopies) {
    const TempVolume temp;
    temp.write("f0", "old");
    EXPECT_TRUE(in_child([&] {
        volume::Trash trash(*temp, "run", true);
        auto files = stage_many(temp, 2);
        const auto refused = refuse_call(SYS_linkat, EPERM);
        return refused && successes(publish_group(*temp, trash, std::move(files))) == 2 &&
               trash.links_refused();
    }));
    EXPECT_EQ(temp.read("f0"), "new");
}

TEST(PublishGroup, AReadOnlyDestinationEndsTheRun) {
    const TempVolume temp;
    EXPECT_TRUE(in_child([&] {
        volume::Trash trash(*temp, "run", true);
        auto files = stage_many(temp, 2);
        const auto refused = refuse_call(SYS_renameat2, EROFS);
        const auto result = publish_group(*temp, trash, std::move(files));
        return refused && result.fatal && result.fatal->code == Code::read_only &&
               result.outcomes.empty();
    }));
}

TEST(Publish, AFullDiskEndsTheRunAndLeavesOnlyWhatCanBeContinued) {
    Bench bench([](const RawRequest& request, Connection& connection) {
        connection.send(whole(request.path == "/small" ? "small" : sample(3'000'000)));
    });
    ASSERT_EQ(::mount("gds", bench.temp->path().c_str(), "tmpfs", 0, "size=1m"), 0)
        << "this test mounts a small file system and so runs as root";
    const auto full = *volume::Volume::open(bench.temp->path());
    {
        volume::Trash trash(full, "run", true);
        Options options;
        options.transfers = 1;
        Downloads downloads(bench.engine, full, trash, options, bench.cancel);
        std::vector<Job> jobs{bench.job("small", "small"), bench.job("big", sample(3'000'000)),
                              bench.job("never", "/never")};
        std::size_t next = 0;
        std::vector<std::string> done;
        const auto ran = downloads.run(
            [&]() -> std::optional<Job> {
                return next < jobs.size() ? std::optional(jobs[next++]) : std::nullopt;
            },
            [&](const std::vector<Outcome>& group) {
                for (const auto& outcome : group) {
                    EXPECT_TRUE(outcome.result);
                    done.push_back(outcome.path);
                }
                return Status();
            });
        ASSERT_FALSE(ran);
        EXPECT_EQ(ran.error().code, Code::disk_full);
        EXPECT_THAT(done, ::testing::ElementsAre("small"));
        EXPECT_EQ(bench.staged().size(), 0U);
        EXPECT_FALSE(bench.temp.exists("never"));
    }
    EXPECT_EQ(::umount2(bench.temp->path().c_str(), MNT_DETACH), 0);
}

TEST(Publish, ADiskThatFillsWhileBytesArriveEndsTheRun) {
    Bench bench(
        [](const RawRequest&, Connection& connection) { connection.send(whole(sample(900'000))); });
    // Too small to be reserved in advance: the write itself meets the end.
    ASSERT_EQ(::mount("gds", bench.temp->path().c_str(), "tmpfs", 0, "size=512k"), 0);
    const auto full = *volume::Volume::open(bench.temp->path());
    {
        volume::Trash trash(full, "run", true);
        Downloads downloads(bench.engine, full, trash, Options(), bench.cancel);
        auto job = std::optional(bench.job("file", sample(900'000)));
        job->resume_key = "key";
        const auto ran = downloads.run([&] { return std::exchange(job, std::nullopt); },
                                       [](const std::vector<Outcome>&) { return Status(); });
        ASSERT_FALSE(ran);
        EXPECT_EQ(ran.error().code, Code::disk_full);
        EXPECT_GT(staged_bytes(full, "key"), 0);
    }
    EXPECT_EQ(::umount2(bench.temp->path().c_str(), MNT_DETACH), 0);
}

/// Versions of one file that tell whether they are whole.
std::string version(int number) {
    const auto digit = static_cast<char>('0' + number % 10);
    return std::string(40'000 + static_cast<std::size_t>(number % 7), digit);
}

bool is_whole(const std::string& text) {
    return text.size() >= 40'000 &&
           std::all_of(text.begin(), text.end(), [&](char c) { return c == text.front(); });
}

TEST(Publish, AReaderSeesOldOrNewWholeAtEveryInstant) {
    Bench bench([](const RawRequest& request, Connection& connection) {
        connection.send(whole(version(std::stoi(request.path.substr(2)))));
    });
    bench.temp.write("f", version(0));
    std::atomic<bool> done = false;
    std::atomic<int> reads = 0;
    std::thread reader([&] {
        while (!done) {
            const auto text = bench.temp.read("f");
            ASSERT_TRUE(is_whole(text)) << text.size();
            ++reads;
        }
    });
    for (int i = 1; i <= 200; ++i) {
        auto job = bench.update("f", version(i));
        const auto url = bench.server.url("/f" + std::to_string(i));
        job.request = [url](std::int64_t) {
            http::Request request;
            request.url = url;
            return request;
        };
        ASSERT_TRUE(bench.run({std::move(job)}));
        ASSERT_TRUE(bench.published("f")) << bench.outcomes.at("f").result.error().message;
    }
    done = true;
    reader.join();
    EXPECT_GT(reads, 0);
    EXPECT_EQ(bench.temp.read("f"), version(200));
}

constexpr int kFiles = 20;

std::string name_of(int number) {
    return "f" + std::to_string(number);
}

/// Replace all files by their version `number`, as a run does.
GroupResult replace_all(const TempVolume& temp, int number) {
    volume::Trash trash(*temp, "run" + std::to_string(number), true);
    std::vector<Staged> files;
    for (int i = 0; i < kFiles; ++i) {
        files.push_back(stage(temp, name_of(i), version(number)));
    }
    return publish_group(*temp, trash, std::move(files));
}

/// Every file is whole, of this version or the next; whatever the trash holds is in its manifest.
void expect_old_or_new(const TempVolume& temp, int number) {
    for (int i = 0; i < kFiles; ++i) {
        const auto text = temp.read(name_of(i));
        ASSERT_TRUE(text == version(number) || text == version(number + 1)) << text.size();
    }
    const auto runs = *volume::list_trash(*temp);
    for (const auto& run : runs) {
        std::vector<std::string> announced{"manifest.jsonl"};
        const auto entries = *volume::read_trash_manifest(*temp, run.run_id);
        for (const auto& entry : entries) {
            announced.push_back(entry.stored);
        }
        EXPECT_THAT(announced,
                    ::testing::IsSupersetOf(temp.names(".gdrive-sync/trash/" + run.run_id)));
    }
}

void reset_to(const TempVolume& temp, int number) {
    for (int i = 0; i < kFiles; ++i) {
        temp.write(name_of(i), version(number));
    }
    (void)volume::expire_trash(*temp, Millis(0), -1, wall_clock_ms());
}

TEST(Publish, KilledAtAnyPointLeavesOldOrNewFilesWhole) {
    using Clock = std::chrono::steady_clock;
    const TempVolume temp;
    reset_to(temp, 0);
    const auto before = Clock::now();
    ASSERT_EQ(successes(replace_all(temp, 1)), static_cast<std::size_t>(kFiles));
    const auto whole_run = Clock::now() - before;
    constexpr int kRounds = 40;
    for (int round = 0; round < kRounds; ++round) {
        reset_to(temp, round);
        const pid_t child = ::fork();
        if (child == 0) {
            (void)replace_all(temp, round + 1);
            ::_exit(0);
        }
        // Another place in the publishing each round; the last ones may come after its end.
        const auto until = Clock::now() + whole_run * round / kRounds;
        while (Clock::now() < until) {
            std::this_thread::yield();
        }
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        expect_old_or_new(temp, round);
    }
}

TEST(Publish, KilledAtEachKindOfStepLeavesOldOrNewFilesWhole) {
    const TempVolume temp;
    int number = 0;
    for (const long call : {SYS_syncfs, SYS_fsync, SYS_linkat, SYS_renameat, SYS_mkdirat}) {
        reset_to(temp, number);
        // The first such call is the process's last.
        EXPECT_FALSE(in_child([&] {
            return volume::testing::die_at_call(call) &&
                   successes(replace_all(temp, number + 1)) > 0;
        })) << call;
        expect_old_or_new(temp, number);
        ++number;
    }
}

}  // namespace
}  // namespace gds::transfer
