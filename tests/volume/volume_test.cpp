#include "gds/volume/volume.h"

#include "gds/volume/cursor.h"
#include "volume/child.h"
#include "volume/swapper.h"
#include "volume/temp_volume.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace gds::volume {
namespace {

using testing::in_child;
using testing::refuse_call;
using testing::Swapper;
using testing::TempVolume;

template <class T>
Code code_of(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? Code::internal : result.error().code;
}

std::vector<std::string> list(const Volume& volume, const std::string& folder) {
    std::vector<std::string> names;
    EXPECT_TRUE(volume.read_dir(folder, [&](const DirEntry& entry) {
        names.push_back(entry.name);
        return Status();
    }));
    std::sort(names.begin(), names.end());
    return names;
}

TEST(VolumeOpen, TellsAMissingDestinationFromAFile) {
    const TempVolume temp;
    temp.write("file", "x");
    EXPECT_EQ(code_of(Volume::open(temp.full("absent"))), Code::not_found);
    EXPECT_EQ(code_of(Volume::open(temp.full("file"))), Code::invalid_argument);
}

class HostilePath : public ::testing::TestWithParam<std::string> {};

TEST_P(HostilePath, IsRefusedByEveryOperation) {
    const TempVolume temp;
    const auto& path = GetParam();
    temp.write("a", "x");
    EXPECT_EQ(code_of(temp->stat(path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->open_dir(path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->open_file(path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->make_dir(path, 0777)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->rename("a", path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->rename_over("a", path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->link("a", path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->exchange("a", path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->remove_file(path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->remove_dir(path)), Code::invalid_argument);
    EXPECT_EQ(code_of(temp->set_mtime_ms(path, 0)), Code::invalid_argument);
    EXPECT_EQ(temp.read("a"), "x");
}

TEST_P(HostilePath, IsRefusedByACursorToo) {
    const TempVolume temp;
    const auto& path = GetParam();
    temp.write("a", "x");
    temp.write("b/c", "x");
    for (const char* before : {"a", "b/c"}) {
        Cursor cursor(*temp);
        ASSERT_TRUE(cursor.stat(before)->has_value());
        EXPECT_EQ(code_of(cursor.stat(path)), Code::invalid_argument);
        EXPECT_EQ(code_of(cursor.open_with(path, O_RDONLY)), Code::invalid_argument);
        EXPECT_EQ(code_of(cursor.rename("a", path)), Code::invalid_argument);
        EXPECT_EQ(code_of(cursor.rename_over("a", path)), Code::invalid_argument);
        EXPECT_EQ(code_of(cursor.remove_file(path)), Code::invalid_argument);
    }
    EXPECT_EQ(temp.read("a"), "x");
}

INSTANTIATE_TEST_SUITE_P(Names, HostilePath,
                         ::testing::Values("..", ".", "../a", "a/..", "a/../b", "/etc/passwd",
                                           "a//b", "a/", "a/.", std::string("a\0b", 3)));

TEST(Volume, FollowsNoSymlinkAnywhereInAPath) {
    const TempVolume temp;
    const TempVolume outside;
    outside.write("secret", "theirs");
    std::filesystem::create_directory_symlink(outside->path(), temp.full("door"));
    std::filesystem::create_symlink(outside.full("secret"), temp.full("link"));
    temp.write("mine", "ours");

    EXPECT_EQ(code_of(temp->open_file("door/secret")), Code::conflict);
    EXPECT_EQ(code_of(temp->open_file("link")), Code::conflict);
    EXPECT_EQ(code_of(temp->open_dir("door")), Code::conflict);
    EXPECT_EQ(code_of(temp->make_dir("door/new", 0777)), Code::conflict);
    EXPECT_EQ(code_of(temp->rename("mine", "door/mine")), Code::conflict);
    EXPECT_EQ(code_of(temp->rename_over("mine", "door/secret")), Code::conflict);
    EXPECT_EQ(code_of(temp->link("mine", "door/mine")), Code::conflict);
    EXPECT_EQ(code_of(temp->remove_file("door/secret")), Code::conflict);
    EXPECT_EQ(code_of(temp->open_with("link", O_WRONLY | O_CREAT, 0600)), Code::conflict);
    EXPECT_FALSE(temp->stat("door/secret")->has_value());
    EXPECT_EQ((*temp->stat("link"))->type, FileType::symlink);

    ASSERT_TRUE(temp->set_mtime_ms("link", 1000));
    ASSERT_TRUE(temp->remove_file("link"));
    EXPECT_EQ(outside.read("secret"), "theirs");
    EXPECT_EQ(outside.names(""), std::vector<std::string>{"secret"});
}

class WithoutOpenat2 : public ::testing::TestWithParam<int> {};

TEST_P(WithoutOpenat2, PathsAreWalkedNameByName) {
    const TempVolume temp;
    const TempVolume outside;
    outside.write("secret", "theirs");
    temp.write("a/b/file", "ours");
    std::filesystem::create_directory_symlink(outside->path(), temp.full("a/door"));
    EXPECT_TRUE(in_child([&] {
        return refuse_call(SYS_openat2, GetParam()) && temp->open_file("a/b/file").has_value() &&
               temp->remove_file("a/b/file").has_value() &&
               code_of(temp->open_file("a/door/secret")) == Code::conflict &&
               code_of(temp->open_file("a/absent/file")) == Code::not_found;
    }));
    EXPECT_EQ(temp.names("a/b"), std::vector<std::string>{});
}

// An old kernel, and a sandbox that does not know the call.
INSTANTIATE_TEST_SUITE_P(Refusals, WithoutOpenat2, ::testing::Values(ENOSYS, EPERM));

TEST(Volume, ASymlinkSwappedInWhileItWorksNeverLeadsOutside) {
    const TempVolume temp;
    const TempVolume outside;
    outside.write("file", "theirs");
    temp.write("folder/file", "ours");
    Swapper swapper(temp, outside);
    for (int i = 0; i < 3000; ++i) {
        const auto fd = temp->open_file("folder/file");
        if (fd) {
            std::array<char, 8> text{};
            ASSERT_EQ(::read(fd->get(), text.data(), text.size()), 4);
            ASSERT_STREQ(text.data(), "ours");
        } else {
            ASSERT_EQ(fd.error().code, Code::conflict);
        }
        // Whatever this does, it does inside.
        (void)temp->open_with("folder/new", O_WRONLY | O_CREAT, 0600);
    }
    swapper.stop();
    EXPECT_EQ(outside.names(""), std::vector<std::string>{"file"});
}

TEST(Volume, WorksOnPathsLongerThanPathMax) {
    const TempVolume temp;
    const std::string name(200, 'd');
    std::string path;
    for (int i = 0; i < 30; ++i) {
        path += (path.empty() ? "" : "/") + name;
        ASSERT_TRUE(temp->make_dir(path, 0777));
    }
    ASSERT_GT(path.size(), 4096U);
    {
        const auto fd = temp->open_with(path + "/file", O_WRONLY | O_CREAT, 0666);
        ASSERT_TRUE(fd) << fd.error().message;
        ASSERT_EQ(::write(fd->get(), "deep", 4), 4);
    }
    ASSERT_TRUE(temp->rename(path + "/file", path + "/moved"));
    EXPECT_EQ((*temp->stat(path + "/moved"))->size, 4);
    EXPECT_EQ(list(*temp, path), std::vector<std::string>{"moved"});
    ASSERT_TRUE(temp->sync_dir(path));
    ASSERT_TRUE(temp->remove_file(path + "/moved"));
    while (!path.empty()) {
        ASSERT_TRUE(temp->remove_dir(path));
        path = path.size() > 200 ? path.substr(0, path.size() - 201) : "";
    }
    EXPECT_TRUE(temp.names("").empty());
}

TEST(Volume, ListsEveryTypeWithoutFollowing) {
    const TempVolume temp;
    temp.write("file", "12345");
    ASSERT_TRUE(temp->make_dir("folder", 0777));
    std::filesystem::create_symlink("file", temp.full("link"));
    ASSERT_EQ(::mkfifo(temp.full("fifo").c_str(), 0600), 0);
    std::map<std::string, Stat> found;
    ASSERT_TRUE(temp->read_dir("", [&](const DirEntry& entry) {
        found[entry.name] = entry.stat;
        return Status();
    }));
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found["file"].type, FileType::file);
    EXPECT_EQ(found["file"].size, 5);
    EXPECT_EQ(found["folder"].type, FileType::directory);
    EXPECT_EQ(found["link"].type, FileType::symlink);
    EXPECT_EQ(found["fifo"].type, FileType::other);
    EXPECT_EQ(code_of(temp->open_file("fifo")), Code::conflict);
    EXPECT_EQ(code_of(temp->open_file("folder")), Code::conflict);
}

TEST(Volume, AnErrorOfTheCallbackEndsAListing) {
    const TempVolume temp;
    temp.write("a", "");
    temp.write("b", "");
    int calls = 0;
    const auto read = temp->read_dir("", [&](const DirEntry&) -> Status {
        ++calls;
        return error(Code::cancelled, "enough");
    });
    EXPECT_EQ(code_of(read), Code::cancelled);
    EXPECT_EQ(calls, 1);
}

TEST(Volume, MakesFoldersWithTheModeLessTheUmaskAndKeepsSetgid) {
    const TempVolume temp;
    const mode_t before = ::umask(027);
    ASSERT_TRUE(temp->make_dir("plain", 0777));
    ASSERT_EQ(::chmod(temp.full("plain").c_str(), 02750), 0);
    ASSERT_TRUE(temp->make_dir("plain/inner", 0777));
    ::umask(before);
    EXPECT_EQ((*temp->stat("plain/inner"))->mode, 02750U);
    EXPECT_EQ(code_of(temp->make_dir("plain", 0777)), Code::conflict);
    EXPECT_EQ(code_of(temp->make_dir("absent/x", 0777)), Code::not_found);
}

/// What rename() promises, with or without the kernel's help.
bool rename_never_replaces(const TempVolume& temp) {
    temp.write("from", "new");
    temp.write("to", "old");
    std::filesystem::create_directories(temp.full("dir"));
    std::filesystem::create_directories(temp.full("empty"));
    const auto file = temp->rename("from", "to");
    const auto folder = temp->rename("dir", "empty");
    const auto absent = temp->rename("absent", "x");
    const bool kept = !file && file.error().code == Code::conflict && temp.read("to") == "old" &&
                      temp.read("from") == "new" && !folder &&
                      folder.error().code == Code::conflict && temp.exists("dir") && !absent &&
                      absent.error().code == Code::not_found;
    const bool moved = temp->rename("from", "free").has_value() && temp.read("free") == "new" &&
                       !temp.exists("from") && temp->rename("dir", "moved").has_value() &&
                       temp.exists("moved") && !temp.exists("dir");
    return kept && moved;
}

TEST(Volume, RenameNeverReplaces) {
    const TempVolume temp;
    EXPECT_TRUE(rename_never_replaces(temp));
}

TEST(Volume, RenameNeverReplacesWhereTheFileSystemHasNoSuchFlag) {
    const TempVolume temp;
    EXPECT_TRUE(in_child(
        [&] { return refuse_call(SYS_renameat2, EINVAL) && rename_never_replaces(temp); }));
}

TEST(Volume, RenameNeverReplacesWithoutFlagAndLinks) {
    const TempVolume temp;
    EXPECT_TRUE(in_child([&] {
        return refuse_call(SYS_renameat2, ENOSYS) && refuse_call(SYS_linkat, EPERM) &&
               rename_never_replaces(temp);
    }));
}

TEST(Volume, RenameOverReplacesFilesOnly) {
    const TempVolume temp;
    temp.write("new", "new");
    temp.write("old", "old");
    ASSERT_TRUE(temp->rename_over("new", "old"));
    EXPECT_EQ(temp.read("old"), "new");
    ASSERT_TRUE(temp->make_dir("folder", 0777));
    EXPECT_EQ(code_of(temp->rename_over("old", "folder")), Code::conflict);
}

TEST(Volume, ExchangeSwapsOrSaysThatItCannot) {
    const TempVolume temp;
    temp.write("a/x", "a");
    temp.write("b/x", "b");
    ASSERT_TRUE(temp->exchange("a", "b"));
    EXPECT_EQ(temp.read("a/x"), "b");
    EXPECT_TRUE(in_child([&] {
        const auto refused = refuse_call(SYS_renameat2, EINVAL);
        const auto result = temp->exchange("a", "b");
        return refused && !result && result.error().code == Code::conflict;
    }));
}

TEST(Volume, LinkTellsATakenNameFromRefusedLinks) {
    const TempVolume temp;
    temp.write("a", "a");
    ASSERT_TRUE(temp->link("a", "b"));
    EXPECT_EQ((*temp->stat("a"))->links, 2U);
    EXPECT_EQ(code_of(temp->link("a", "b")), Code::conflict);
    for (const int refusal : {EPERM, EOPNOTSUPP, EMLINK}) {
        EXPECT_TRUE(in_child([&] {
            const auto refused = refuse_call(SYS_linkat, refusal);
            const auto result = temp->link("a", "c");
            return refused && !result && result.error().code == Code::permission_denied;
        }));
    }
}

TEST(Volume, RenameOverEndsTheOldNameOfTwoLinksToOneFile) {
    const TempVolume temp;
    ASSERT_TRUE(make_state_dir(*temp));
    temp.write("old", "one file");
    ASSERT_TRUE(temp->link("old", "new"));
    ASSERT_TRUE(temp->rename_over("old", "new"));
    EXPECT_FALSE(temp->stat("old").value().has_value());
    EXPECT_EQ(temp.read("new"), "one file");
    ASSERT_TRUE(temp->rename_over("new", "new"));
    EXPECT_EQ(temp.read("new"), "one file");
}

TEST(Volume, ARenameIntoAMountPointSaysSo) {
    const TempVolume temp;
    temp.write("a", "a");
    EXPECT_TRUE(in_child([&] {
        const auto refused = refuse_call(SYS_renameat2, EXDEV);
        const auto result = temp->rename("a", "b");
        return refused && !result && result.error().code == Code::conflict &&
               result.error().message.find("mount point") != std::string::npos;
    }));
}

TEST(Volume, RemovesWhatIsAskedForAndNothingElse) {
    const TempVolume temp;
    temp.write("folder/file", "x");
    EXPECT_EQ(code_of(temp->remove_dir("folder")), Code::conflict);
    EXPECT_EQ(code_of(temp->remove_file("folder")), Code::conflict);
    EXPECT_EQ(code_of(temp->remove_file("absent")), Code::not_found);
    ASSERT_TRUE(temp->remove_file("folder/file"));
    ASSERT_TRUE(temp->remove_dir("folder"));
    EXPECT_FALSE(temp.exists("folder"));
}

TEST(Volume, KeepsTimesToTheMillisecondAlsoBeforeTheEpoch) {
    const TempVolume temp;
    temp.write("a", "a");
    for (const std::int64_t ms : {1'700'000'000'123LL, 0LL, -1LL, -86'400'001LL}) {
        const auto ns = temp->set_mtime_ms("a", ms);
        ASSERT_TRUE(ns);
        EXPECT_EQ(*ns, ms * 1'000'000);
        EXPECT_EQ((*temp->stat("a"))->mtime_ns, *ns);
    }
}

TEST(Volume, DigestsAFileAndStopsWhenAsked) {
    const TempVolume temp;
    const std::string text(1'000'000, 'x');
    temp.write("a", text);
    Cancel cancel;
    EXPECT_EQ(*temp->digest("a", crypto::Algorithm::sha256, cancel),
              crypto::digest(crypto::Algorithm::sha256, text));
    EXPECT_EQ(code_of(temp->digest("b", crypto::Algorithm::md5, cancel)), Code::not_found);
    cancel.stop(StopReason::interrupted);
    EXPECT_EQ(code_of(temp->digest("a", crypto::Algorithm::md5, cancel)), Code::cancelled);
}

TEST(Volume, SyncsAndCountsSpace) {
    const TempVolume temp;
    EXPECT_TRUE(temp->sync_dir(""));
    EXPECT_TRUE(temp->sync_all());
    const auto space = temp->space();
    ASSERT_TRUE(space);
    EXPECT_GT(space->total_bytes, 0);
    EXPECT_LE(space->free_bytes, space->total_bytes);
    EXPECT_TRUE(in_child([&] {
        const auto refused = refuse_call(SYS_fsync, EINVAL);
        return refused && temp->sync_dir("").has_value();
    }));
}

TEST(Volume, ReservedNames) {
    EXPECT_TRUE(is_reserved("", ".gdrive-sync"));
    EXPECT_TRUE(is_reserved("", "lost+found"));
    EXPECT_FALSE(is_reserved("a", ".gdrive-sync"));
    EXPECT_FALSE(is_reserved("a", "lost+found"));
    EXPECT_TRUE(is_reserved("a", ".nfs000000000123"));
    EXPECT_TRUE(is_reserved("", ".snapshot"));
    EXPECT_TRUE(is_reserved("a/b", ".zfs"));
    EXPECT_FALSE(is_reserved("", "nfs"));
    EXPECT_FALSE(is_reserved("", "file.part"));
}

TEST(StateDir, IsPrivateAndNeverASymlink) {
    const TempVolume temp;
    ASSERT_TRUE(make_state_dir(*temp));
    ASSERT_TRUE(make_state_dir(*temp));
    EXPECT_EQ((*temp->stat(".gdrive-sync"))->mode & 0777U, 0700U);
    EXPECT_EQ((*temp->stat(".gdrive-sync/trash"))->type, FileType::directory);

    const TempVolume other;
    std::filesystem::create_directory_symlink(temp->path(), other.full(".gdrive-sync"));
    EXPECT_EQ(code_of(make_state_dir(*other)), Code::conflict);
}

}  // namespace
}  // namespace gds::volume
