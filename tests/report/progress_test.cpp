#include "gds/report/progress.h"

#include "gds/base/fd.h"
#include "gds/base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace gds::report {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kErase = "\r\033[K";

ProgressFigures figures(std::int64_t files) {
    return {.phase = "downloading",
            .files_done = files,
            .files_total = 10,
            .bytes_done = 1 << 20,
            .bytes_total = 4 << 20};
}

TEST(ProgressText, TellsRateAndTimeLeft) {
    EXPECT_EQ(progress_text(figures(3), 512 * 1024),
              "downloading: 3/10 files, 1.0 MiB/4.0 MiB, 512.0 KiB/s, 6.0s left");
}

TEST(ProgressText, TellsNothingThatIsNotKnown) {
    EXPECT_EQ(progress_text({.phase = "listing", .files_done = 17}, 0), "listing: 17 files");
    EXPECT_EQ(progress_text({.phase = "hashing", .files_done = 1, .bytes_done = 2048}, 100),
              "hashing: 1 file, 2.0 KiB, 100 B/s");
}

/// Standard error goes to a pipe or a terminal of ours for as long as this lives.
class CapturedStderr {
public:
    static CapturedStderr with_pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        return CapturedStderr(ends[0], ends[1]);
    }
    static CapturedStderr with_terminal(unsigned short columns) {
        int ours = -1;
        int theirs = -1;
        const winsize size{24, columns, 0, 0};
        EXPECT_EQ(::openpty(&ours, &theirs, nullptr, nullptr, &size), 0);
        return CapturedStderr(ours, theirs);
    }

    /// Standard error as it was, and what was written meanwhile.
    std::string end() {
        ::dup2(saved_.get(), STDERR_FILENO);
        // A terminal says EIO once its other side is closed, a pipe says that it ended.
        write_end_ = Fd();
        std::string text;
        std::array<char, 4096> block{};
        ssize_t count = 0;
        while ((count = ::read(read_end_.get(), block.data(), block.size())) > 0) {
            text.append(block.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

private:
    CapturedStderr(int read_end, int write_end)
        : saved_(::dup(STDERR_FILENO)), read_end_(read_end), write_end_(write_end) {
        ::dup2(write_end, STDERR_FILENO);
    }

    Fd saved_, read_end_, write_end_;
};

TEST(Progress, RedrawsOneLineOnATerminal) {
    CapturedStderr captured = CapturedStderr::with_terminal(200);
    ::setenv("TERM", "xterm", 1);
    {
        Progress progress(ProgressMode::automatic);
        progress.update(figures(3));
    }
    const std::string text = captured.end();
    EXPECT_THAT(text, StartsWith(std::string(kErase) + "downloading: 3/10 files"));
    EXPECT_THAT(text, EndsWith(kErase));
    EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Progress, NeverFillsTheLine) {
    CapturedStderr captured = CapturedStderr::with_terminal(20);
    ::setenv("TERM", "xterm", 1);
    {
        Progress progress(ProgressMode::automatic);
        progress.update(figures(3));
    }
    EXPECT_EQ(captured.end(), std::string(kErase) + "downloading: 3/10 f" + std::string(kErase));
}

TEST(Progress, StepsAsideForLogLines) {
    CapturedStderr captured = CapturedStderr::with_pipe();
    {
        Progress progress(ProgressMode::on);
        progress.update(figures(3));
        log::info("something happened");
    }
    const std::string text = captured.end();
    const std::string drawn = std::string(kErase) + "downloading: 3/10 files, 1.0 MiB/4.0 MiB";
    EXPECT_THAT(text, StartsWith(drawn + std::string(kErase)));
    EXPECT_THAT(text, HasSubstr("something happened\n" + drawn));
}

TEST(Progress, LeavesTheLogAloneAfterwards) {
    CapturedStderr captured = CapturedStderr::with_pipe();
    {
        Progress progress(ProgressMode::on);
        progress.update(figures(3));
        progress.clear();
        log::info("one");
    }
    log::info("two");
    const std::string text = captured.end();
    EXPECT_THAT(text, HasSubstr(" one\n"));
    EXPECT_THAT(text.substr(text.find(" one\n")), Not(HasSubstr("downloading")));
    EXPECT_THAT(text, EndsWith(" two\n"));
}

TEST(Progress, IsALogLineWithoutATerminal) {
    CapturedStderr captured = CapturedStderr::with_pipe();
    {
        Progress progress(ProgressMode::automatic, Millis(0));
        progress.update(figures(3));
        progress.update(figures(4));
    }
    const std::string text = captured.end();
    EXPECT_THAT(text, HasSubstr(" downloading: 3/10 files, 1.0 MiB/4.0 MiB\n"));
    EXPECT_THAT(text, HasSubstr(" downloading: 4/10 files"));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Progress, KeepsToItsInterval) {
    CapturedStderr captured = CapturedStderr::with_pipe();
    {
        Progress progress(ProgressMode::automatic, Millis(3'600'000));
        progress.update(figures(3));
        progress.update(figures(4));
    }
    EXPECT_THAT(captured.end(), Not(HasSubstr("4/10")));
}

TEST(Progress, SaysNothingWhenOff) {
    CapturedStderr captured = CapturedStderr::with_pipe();
    {
        Progress progress(ProgressMode::off, Millis(0));
        progress.update(figures(3));
        progress.clear();
    }
    EXPECT_EQ(captured.end(), "");
}

TEST(Progress, SharesStandardErrorWithOtherThreads) {
    CapturedStderr captured = CapturedStderr::with_pipe();
    {
        Progress progress(ProgressMode::on);
        std::thread other([] {
            for (int i = 0; i < 50; ++i) {
                log::info("from a worker");
            }
        });
        for (int i = 0; i < 50; ++i) {
            progress.update(figures(i % 10));
        }
        other.join();
    }
    const std::string text = captured.end();
    std::size_t lines = 0;
    for (const char c : text) {
        lines += c == '\n' ? 1U : 0U;
    }
    EXPECT_EQ(lines, 50U);
    EXPECT_THAT(text, EndsWith(kErase));
}

}  // namespace
}  // namespace gds::report
