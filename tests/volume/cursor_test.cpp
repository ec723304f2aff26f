#include "gds/volume/cursor.h"

#include "volume/child.h"
#include "volume/swapper.h"
#include "volume/temp_volume.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gds::volume {
namespace {

using testing::in_child;
using testing::refuse_call;
using testing::Swapper;
using testing::TempVolume;

TEST(Cursor, ResolvesAFolderOnceHoweverManyFilesFollow) {
    const TempVolume temp;
    temp.write("folder/a", "1");
    temp.write("folder/b", "22");
    temp.write("other/c", "333");
    EXPECT_TRUE(in_child([&] {
        Cursor cursor(*temp);
        const auto first = cursor.stat("folder/a");
        // From here on nothing can be resolved any more.
        const bool refused = refuse_call(SYS_openat2, EACCES);
        const auto second = cursor.stat("folder/b");
        const auto elsewhere = cursor.stat("other/c");
        return refused && first && *first && second && (*second)->size == 2 && !elsewhere &&
               elsewhere.error().code == Code::permission_denied;
    }));
}

TEST(Cursor, GoesFromFolderToFolderAndBack) {
    const TempVolume temp;
    for (const char* folder : {"a", "a/b", "ab"}) {
        temp.write(std::string(folder) + "/file", folder);
        temp.write(std::string("from/") + std::to_string(std::string(folder).size()), folder);
    }
    temp.write("file", "root's");
    Cursor cursor(*temp);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ((*cursor.stat("a/file"))->size, 1);
        EXPECT_EQ((*cursor.stat("ab/file"))->size, 2);
        EXPECT_EQ((*cursor.stat("a/b/file"))->size, 3);
        EXPECT_EQ((*cursor.stat("file"))->size, 6);
        EXPECT_EQ((*cursor.stat(""))->type, FileType::directory);
        EXPECT_FALSE(cursor.stat("absent/file")->has_value());
        EXPECT_FALSE(cursor.stat("file/below")->has_value());
        EXPECT_EQ(cursor.rename("a/file", "absent/file").error().code, Code::not_found);
    }
    ASSERT_TRUE(cursor.rename("a/file", "ab/moved"));
    ASSERT_TRUE(cursor.rename_over("a/b/file", "ab/file"));
    ASSERT_TRUE(cursor.rename("file", "a/b/file"));
    ASSERT_TRUE(cursor.remove_file("from/1"));
    EXPECT_EQ(temp.names("ab"), (std::vector<std::string>{"file", "moved"}));
    EXPECT_EQ(temp.read("ab/file"), "a/b");
    EXPECT_EQ(temp.read("a/b/file"), "root's");
    EXPECT_FALSE(temp.exists("from/1"));
}

TEST(Cursor, RefusesWhatLeadsElsewhereAlsoInTheFolderThatIsOpen) {
    const TempVolume temp;
    temp.write("folder/a", "1");
    temp.write("a", "2");
    using std::string_literals::operator""s;
    for (const char* open : {"folder/a", "a"}) {
        for (const auto& path :
             {"folder/.."s, "folder/."s, "folder/"s, "folder//a"s, "folder/a/.."s, "folder/a\0b"s,
              ".."s, "."s, "/"s, "/a"s, "a\0b"s}) {
            Cursor cursor(*temp);
            ASSERT_TRUE(cursor.stat(open)->has_value());
            const auto found = cursor.stat(path);
            ASSERT_FALSE(found.has_value()) << path << " after " << open;
            EXPECT_EQ(found.error().code, Code::invalid_argument) << path << " after " << open;
            EXPECT_TRUE(cursor.stat(open)->has_value());
        }
    }
}

TEST(Cursor, AFolderThatCouldNotBeReachedIsTriedAgain) {
    const TempVolume temp;
    Cursor cursor(*temp);
    EXPECT_FALSE(cursor.stat("late/file")->has_value());
    temp.write("late/file", "here now");
    EXPECT_TRUE(cursor.stat("late/file")->has_value());
}

TEST(Cursor, ASymlinkInAFoldersPlaceIsRefusedByTheNextOne) {
    const TempVolume temp;
    const TempVolume outside;
    temp.write("folder/a", "ours");
    temp.write("new", "new");
    Cursor before(*temp);
    ASSERT_TRUE(before.stat("folder/a")->has_value());
    ASSERT_TRUE(temp->rename("folder", "moved"));
    std::filesystem::create_directory_symlink(outside->path(), temp.full("folder"));

    Cursor after(*temp);
    EXPECT_EQ(after.rename("new", "folder/new").error().code, Code::conflict);
    // The one that was there before never sees the link either.
    ASSERT_TRUE(before.rename("new", "folder/new"));
    EXPECT_EQ(temp.names("moved"), (std::vector<std::string>{"a", "new"}));
    EXPECT_TRUE(outside.names("").empty());
}

TEST(Cursor, ASymlinkSwappedInDuringAPassNeverLeadsOutside) {
    const TempVolume temp;
    const TempVolume outside;
    outside.write("file", "theirs");
    temp.write("folder/file", "ours");
    Swapper swapper(temp, outside);
    for (int i = 0; i < 1000; ++i) {
        Cursor cursor(*temp);
        for (int file = 0; file < 5; ++file) {
            const auto name = std::to_string(i * 5 + file);
            temp.write("source", "ours");
            (void)cursor.rename("source", "folder/" + name);
            (void)cursor.open_with("folder/new", O_WRONLY | O_CREAT, 0600);
            const auto there = cursor.stat("folder/file");
            ASSERT_TRUE(there);
            ASSERT_TRUE(!*there || (*there)->size == 4);
        }
    }
    swapper.stop();
    EXPECT_EQ(outside.names(""), std::vector<std::string>{"file"});
}

}  // namespace
}  // namespace gds::volume
