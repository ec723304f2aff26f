#include "gds/volume/trash.h"

#include "volume/child.h"
#include "volume/temp_volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace gds::volume {
namespace {

using ::testing::ElementsAre;
using testing::in_child;
using testing::refuse_call;
using testing::TempVolume;

TrashEntry entry_of(const std::string& path, const std::string& why = "deleted") {
    TrashEntry entry;
    entry.path = path;
    entry.why = why;
    entry.id = "id-" + path;
    entry.size = 3;
    entry.mtime_ns = -5;
    return entry;
}

std::string trash_of(const std::string& run) {
    return ".gdrive-sync/trash/" + run;
}

/// One removed file of `size` bytes in the trash of `run`, said to be made at `created_ms`.
void fill(const TempVolume& temp, const std::string& run, std::int64_t created_ms,
          std::size_t size) {
    temp.write(trash_of(run) + "/manifest.jsonl",
               R"({"schema":1,"run":"x","created_ms":)" + std::to_string(created_ms) + "}\n" +
                   R"({"path":"a","stored":"000001","why":"deleted"})" + "\n");
    temp.write(trash_of(run) + "/000001", std::string(size, 'x'));
}

std::vector<std::string> runs_of(const TempVolume& temp) {
    std::vector<std::string> ids;
    const auto runs = *list_trash(*temp);
    for (const auto& run : runs) {
        ids.push_back(run.run_id);
    }
    return ids;
}

TEST(Trash, MovesAndLinksWhatItAnnounced) {
    const TempVolume temp;
    temp.write("folder/gone", "123");
    temp.write("kept", "456");
    std::filesystem::create_symlink("/etc/passwd", temp.full("link"));
    Trash trash(*temp, "run-1", true);
    std::vector<TrashEntry> entries{entry_of("folder/gone"), entry_of("link")};
    ASSERT_TRUE(trash.announce(entries));
    std::vector<TrashEntry> more{entry_of("kept", "replaced")};
    more[0].successor = "abcd";
    ASSERT_TRUE(trash.announce(more));
    EXPECT_EQ(temp.read("folder/gone"), "123") << "announcing moves nothing";
    ASSERT_TRUE(trash.put(entries[0]));
    ASSERT_TRUE(trash.put(entries[1]));
    ASSERT_TRUE(trash.keep_copy(more[0]));

    EXPECT_FALSE(temp.exists("folder/gone"));
    EXPECT_FALSE(temp.exists("link"));
    EXPECT_EQ(temp.read("kept"), "456");
    EXPECT_EQ(temp.read(trash_of("run-1") + "/" + entries[0].stored), "123");
    EXPECT_EQ(temp.read(trash_of("run-1") + "/" + more[0].stored), "456");
    EXPECT_EQ(trash.kept(), 3);
    EXPECT_FALSE(trash.links_refused());

    const auto manifest = read_trash_manifest(*temp, "run-1");
    ASSERT_TRUE(manifest);
    ASSERT_EQ(manifest->size(), 3U);
    EXPECT_EQ((*manifest)[0].path, "folder/gone");
    EXPECT_EQ((*manifest)[0].id, "id-folder/gone");
    EXPECT_EQ((*manifest)[0].size, 3);
    EXPECT_EQ((*manifest)[0].mtime_ns, -5);
    EXPECT_EQ((*manifest)[2].why, "replaced");
    EXPECT_EQ((*manifest)[2].successor, "abcd");
    EXPECT_EQ((*manifest)[2].stored, more[0].stored);
}

TEST(Trash, AnotherObjectOfTheSameRunGoesOnWithoutReusingNames) {
    const TempVolume temp;
    std::vector<TrashEntry> first{entry_of("a")};
    std::vector<TrashEntry> second{entry_of("b")};
    ASSERT_TRUE(Trash(*temp, "r", true).announce(first));
    ASSERT_TRUE(Trash(*temp, "r", true).announce(second));
    EXPECT_NE(first[0].stored, second[0].stored);
    EXPECT_EQ(read_trash_manifest(*temp, "r")->size(), 2U);
    EXPECT_EQ(list_trash(*temp)->size(), 1U);
}

TEST(Trash, PathsThatAreNoUtf8ComeBackByteForByte) {
    const TempVolume temp;
    const std::string odd = "caf\xe9/\xff\x01\n\"x";
    temp.write(odd, "123");
    Trash trash(*temp, "r", true);
    std::vector<TrashEntry> entries{entry_of(odd)};
    ASSERT_TRUE(trash.announce(entries));
    ASSERT_TRUE(trash.put(entries[0]));
    const auto manifest = read_trash_manifest(*temp, "r");
    ASSERT_EQ(manifest->size(), 1U);
    EXPECT_EQ((*manifest)[0].path, odd);
    EXPECT_EQ((*manifest)[0].id, "id-" + odd);
}

TEST(Trash, KeepsNothingWhereItShouldNot) {
    const TempVolume temp;
    temp.write("gone", "123");
    temp.write("replaced", "456");
    Trash trash(*temp, "r", false);
    std::vector<TrashEntry> entries{entry_of("gone"), entry_of("replaced", "replaced")};
    ASSERT_TRUE(trash.announce(entries));
    ASSERT_TRUE(trash.put(entries[0]));
    ASSERT_TRUE(trash.keep_copy(entries[1]));
    EXPECT_FALSE(temp.exists("gone"));
    EXPECT_EQ(temp.read("replaced"), "456");
    EXPECT_FALSE(temp.exists(".gdrive-sync"));
    EXPECT_EQ(trash.kept(), 0);
}

TEST(Trash, RefusedLinksAreReportedAndNoFailure) {
    const TempVolume temp;
    temp.write("a", "123");
    for (const int refusal : {EPERM, EOPNOTSUPP, EMLINK}) {
        EXPECT_TRUE(in_child([&] {
            Trash trash(*temp, "r", true);
            std::vector<TrashEntry> entries{entry_of("a", "replaced")};
            return refuse_call(SYS_linkat, refusal) && trash.announce(entries) &&
                   trash.keep_copy(entries[0]) && trash.links_refused() && trash.kept() == 0;
        }));
    }
}

TEST(Trash, NothingMovesWhereTheManifestCannotBeMadeDurable) {
    const TempVolume temp;
    temp.write("a", "123");
    EXPECT_TRUE(in_child([&] {
        Trash trash(*temp, "r", true);
        std::vector<TrashEntry> entries{entry_of("a")};
        const auto refused = refuse_call(SYS_fsync, EIO);
        const auto result = trash.announce(entries);
        return refused && !result && result.error().code == Code::io;
    }));
    EXPECT_EQ(temp.read("a"), "123");
}

TEST(Trash, AnUnannouncedFileDoesNotMove) {
    const TempVolume temp;
    temp.write("a", "123");
    Trash trash(*temp, "r", true);
    EXPECT_FALSE(trash.put(entry_of("a")));
    EXPECT_FALSE(trash.keep_copy(entry_of("a")));
    EXPECT_EQ(temp.read("a"), "123");
}

TEST(Trash, AFolderInTheFilesPlaceStays) {
    const TempVolume temp;
    temp.write("file/somebodys", "1");
    for (const bool keep : {true, false}) {
        Trash trash(*temp, keep ? "run-1" : "run-2", keep);
        std::vector<TrashEntry> entries{entry_of("file")};
        ASSERT_TRUE(trash.announce(entries));
        EXPECT_FALSE(trash.put(entries[0]));
        EXPECT_EQ(temp.read("file/somebodys"), "1");
        EXPECT_EQ(trash.kept(), 0);
    }
}

TEST(Trash, ARunIdThatLeadsElsewhereIsRefused) {
    const TempVolume temp;
    for (const char* id : {"", "..", "a/b", "/etc"}) {
        Trash trash(*temp, id, true);
        std::vector<TrashEntry> entries{entry_of("a")};
        EXPECT_FALSE(trash.announce(entries)) << id;
        EXPECT_FALSE(drop_trash_run(*temp, id)) << id;
        EXPECT_FALSE(read_trash_manifest(*temp, id)) << id;
    }
}

TEST(Trash, ATornLastLineIsLeftOutAndWrittenOver) {
    const TempVolume temp;
    fill(temp, "r", 1000, 5);
    temp.write(trash_of("r") + "/manifest.jsonl",
               temp.read(trash_of("r") + "/manifest.jsonl") + R"({"path":"to)");
    EXPECT_EQ(read_trash_manifest(*temp, "r")->size(), 1U);
    std::vector<TrashEntry> entries{entry_of("next")};
    ASSERT_TRUE(Trash(*temp, "r", true).announce(entries));
    const auto manifest = read_trash_manifest(*temp, "r");
    ASSERT_EQ(manifest->size(), 2U);
    EXPECT_EQ((*manifest)[1].path, "next");
    EXPECT_EQ((*manifest)[1].stored, "000002");
}

TEST(Trash, ManifestLinesThatLeadElsewhereAreNotRestorable) {
    const TempVolume temp;
    temp.write(trash_of("r") + "/manifest.jsonl",
               "{\"schema\":1,\"created_ms\":1}\n{\"path\":\"../x\",\"stored\":\"000001\"}\n"
               "{\"path\":\"x\",\"stored\":\"../../x\"}\nrubbish\n\n[1]\n"
               "{\"path\":\"good\",\"stored\":\"000002\"}\n");
    const auto manifest = read_trash_manifest(*temp, "r");
    ASSERT_EQ(manifest->size(), 1U);
    EXPECT_EQ((*manifest)[0].path, "good");
}

TEST(TrashRuns, AreListedOldestFirstWithTheirOwnBytes) {
    const TempVolume temp;
    EXPECT_TRUE(list_trash(*temp)->empty());
    fill(temp, "b", 2000, 10);
    fill(temp, "a", 3000, 20);
    fill(temp, "c", 1000, 30);
    ASSERT_TRUE(temp->link(trash_of("c") + "/000001", "still-in-the-mirror"));
    const auto runs = *list_trash(*temp);
    ASSERT_EQ(runs.size(), 3U);
    EXPECT_EQ(runs[0].run_id, "c");
    EXPECT_EQ(runs[0].bytes, 0) << "the mirror links it too";
    EXPECT_EQ(runs[1].bytes, 10);
    EXPECT_EQ(runs[2].run_id, "a");
    EXPECT_EQ(runs[2].files, 1);
    EXPECT_EQ(runs[2].created_ms, 3000);
}

TEST(TrashRuns, ExpireByAgeThenBySize) {
    const TempVolume temp;
    fill(temp, "r1", 1000, 10);
    fill(temp, "r2", 5000, 20);
    fill(temp, "r3", 6000, 30);
    fill(temp, "r4", 99'000, 40);  // a clock that was wrong: from the future
    EXPECT_EQ(*expire_trash(*temp, Millis(4000), -1, 6500), 90);
    EXPECT_THAT(runs_of(temp), ElementsAre("r2", "r3", "r4"));
    EXPECT_EQ(*expire_trash(*temp, Millis(4000), 75, 6500), 70);
    EXPECT_THAT(runs_of(temp), ElementsAre("r3", "r4"));
    EXPECT_EQ(*expire_trash(*temp, Millis(4000), 0, 6500), 0);
    EXPECT_TRUE(temp.names(".gdrive-sync/trash").empty());
}

TEST(TrashRuns, RubbishIsLeftAloneAndSymlinksAreNotFollowed) {
    const TempVolume temp;
    const TempVolume outside;
    fill(outside, "x", 1000, 10);
    outside.write("precious", "theirs");
    fill(temp, "old", 1000, 10);
    std::filesystem::create_symlink(outside.full("precious"), temp.full(trash_of("old") + "/link"));
    std::filesystem::create_directory_symlink(outside.full(trash_of("x")),
                                              temp.full(trash_of("y")));
    temp.write(trash_of("a file"), "x");
    temp.write(trash_of("theirs") + "/something", "x");
    std::filesystem::create_directories(temp.full(trash_of("empty leftover")));

    EXPECT_EQ(*expire_trash(*temp, Millis(0), -1, 9000), 0);
    EXPECT_THAT(temp.names(".gdrive-sync/trash"), ElementsAre("a file", "theirs", "y"));
    EXPECT_EQ(outside.read("precious"), "theirs");
    EXPECT_TRUE(outside.exists(trash_of("x") + "/000001"));
}

TEST(TrashRuns, AFolderInARunKeepsItAndTheOthersStillExpire) {
    const TempVolume temp;
    fill(temp, "a", 1000, 10);
    fill(temp, "b", 2000, 20);
    temp.write(trash_of("a") + "/folder/file", "x");
    ASSERT_TRUE(expire_trash(*temp, Millis(0), -1, 9000));
    EXPECT_TRUE(temp.exists(trash_of("a") + "/folder/file"));
    EXPECT_FALSE(temp.exists(trash_of("b")));
}

TEST(TrashRuns, ARunOfThousandsOfFilesGoesWhole) {
    const TempVolume temp;
    fill(temp, "r", 1000, 1);
    for (int i = 2; i < 2500; ++i) {
        temp.write(trash_of("r") + "/" + std::to_string(i), "");
    }
    ASSERT_TRUE(drop_trash_run(*temp, "r"));
    EXPECT_FALSE(temp.exists(trash_of("r")));
}

}  // namespace
}  // namespace gds::volume
