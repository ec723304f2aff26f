#include "gds/base/cancel.h"
#include "gds/base/exit_code.h"
#include "gds/base/fd.h"
#include "gds/base/result.h"
#include "gds/base/text.h"
#include "gds/crypto/digest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

namespace gds {
namespace {

Result<int> half(int value) {
    if (value % 2 != 0) {
        return error(Code::invalid_argument, "odd");
    }
    return value / 2;
}

Result<int> quarter(int value) {
    const int first = GDS_TRY(half(value));
    return GDS_TRY(half(first));
}

TEST(Result, TryReturnsTheFirstError) {
    EXPECT_EQ(quarter(8).value(), 2);
    EXPECT_EQ(quarter(6).error().code, Code::invalid_argument);
    EXPECT_EQ(quarter(6).error().context("outer").message, "outer: odd");
}

TEST(ResultDeathTest, ReadingAnErrorAborts) {
    EXPECT_DEATH({ [[maybe_unused]] const int value = *half(1); }, "");
}

TEST(ErrnoError, KnowsAFullAndAReadOnlyDisk) {
    EXPECT_EQ(errno_error(ENOSPC, "x").code, Code::disk_full);
    EXPECT_EQ(errno_error(EDQUOT, "x").code, Code::disk_full);
    EXPECT_EQ(errno_error(EROFS, "x").code, Code::read_only);
    EXPECT_EQ(errno_error(EIO, "x").code, Code::io);
}

TEST(ExitCode, TheMostSeriousWins) {
    using enum ExitCode;
    EXPECT_EQ(most_serious(partial, guard), guard);
    EXPECT_EQ(most_serious(guard, source), source);
    EXPECT_EQ(most_serious(source, destination), destination);
    EXPECT_EQ(most_serious(destination, auth), auth);
    EXPECT_EQ(most_serious(ok, partial), partial);
}

TEST(Cancel, KeepsTheFirstReason) {
    Cancel cancel;
    EXPECT_FALSE(cancel.stopped());
    cancel.stop(StopReason::terminated);
    cancel.stop(StopReason::interrupted);
    EXPECT_EQ(cancel.reason(), StopReason::terminated);
}

TEST(ReplaceFile, ReplacesWholeAndSetsTheMode) {
    const auto dir = std::filesystem::temp_directory_path() / ("gds-base-" + random_hex(6));
    std::filesystem::create_directory(dir);
    const std::string path = (dir / "file").string();
    ASSERT_TRUE(replace_file(path, "one", 0600).has_value());
    ASSERT_TRUE(replace_file(path, "two", 0640).has_value());
    EXPECT_EQ(read_small_file(path).value(), "two");
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0640U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir), {}), 1);
    EXPECT_EQ(read_small_file(path, 2).error().code, Code::invalid_argument);
    EXPECT_EQ(read_small_file((dir / "none").string()).error().code, Code::not_found);
    std::filesystem::remove_all(dir);
}

TEST(WriteOut, WritesToWhatALinkStandsFor) {
    const std::string file = ::testing::TempDir() + "write-out";
    const std::string link = file + ".link";
    ASSERT_TRUE(write_out(file, "one, which is longer", 0600));
    ::unlink(link.c_str());
    ASSERT_EQ(::symlink(file.c_str(), link.c_str()), 0);
    ASSERT_TRUE(write_out(link, "two", 0600));
    EXPECT_TRUE(is_special(link));
    EXPECT_EQ(*read_small_file(file), "two");
    EXPECT_FALSE(write_out("/dev/full", "three", 0600));
    EXPECT_TRUE(is_special("/dev/full"));
}

TEST(Digest, MatchesPublishedVectors) {
    using crypto::Algorithm;
    EXPECT_EQ(to_hex(crypto::digest(Algorithm::md5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(to_hex(crypto::digest(Algorithm::sha1, "abc")),
              "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(to_hex(crypto::digest(Algorithm::sha256, "abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(crypto::base64url(std::string("\xfb\xff\xfe", 3)), "-__-");
    EXPECT_EQ(crypto::base64url("a"), "YQ");
}

}  // namespace
}  // namespace gds
