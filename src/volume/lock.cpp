#include "gds/base/log.h"
#include "gds/volume/volume.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace gds::volume {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kPollInterval{100};

std::string lock_path() {
    return std::string(kStateDirName) + "/lock";
}

/// What the holder wrote about itself; flock says who waits, never who holds.
std::string holder_of(const Fd& fd) {
    std::array<char, 512> text{};
    const ssize_t count = ::pread(fd.get(), text.data(), text.size(), 0);
    const auto shown = printable(
        trim(std::string_view(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0)));
    return shown.empty() ? "unknown" : shown;
}

/// True once we hold it; false where somebody else does.
Result<bool> try_lock(const Fd& fd) {
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return false;
        }
        if (errno != EINTR) {
            return errno_error(errno, fmt::format("{}: the file system gives no lock; use one that "
                                                  "supports flock",
                                                  lock_path()));
        }
    }
    return true;
}

/// False where someone removed the lock file meanwhile: our lock would then guard nothing.
Result<bool> still_there(const Volume& volume, const Fd& fd) {
    const auto named = GDS_TRY(volume.stat(lock_path()));
    struct stat ours {};
    if (::fstat(fd.get(), &ours) != 0) {
        return errno_error(errno, lock_path());
    }
    return named && named->inode == ours.st_ino && named->device == ours.st_dev;
}

void write_holder(const Fd& fd, const std::string& run_id) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) {
        host[0] = '?';
    }
    const auto text = fmt::format("host {} pid {} run {} since {}\n", host.data(), ::getpid(),
                                  run_id, format_rfc3339(wall_clock_ms(), true));
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        // For people only: a full disk must not keep the run from freeing space.
        log::debug("the lock's holder could not be written", {{"file", lock_path()}});
    }
}

Error busy(const Volume& volume, const Fd& fd) {
    return error(
        Code::busy,
        fmt::format("{} is held by another run ({}); wait for it to end, or give it time with "
                    "--lock-wait",
                    printable(volume.path()), holder_of(fd)));
}

/// Sleeps until `deadline`, an interval, or a stop.
void pause_until(Clock::time_point deadline, const Cancel& cancel) {
    const auto left = std::chrono::ceil<Millis>(deadline - Clock::now());
    const auto wait = std::clamp(left, Millis(0), kPollInterval);
    pollfd wake{cancel.wake_fd(), POLLIN, 0};
    ::poll(&wake, 1, static_cast<int>(wait.count()));
}

}  // namespace

Result<Lock> Lock::acquire(const Volume& volume, const std::string& run_id, Millis wait,
                           const Cancel& cancel) {
    GDS_CHECK(make_state_dir(volume));
    const auto deadline = Clock::now() + wait;
    for (;;) {
        auto fd = GDS_TRY(volume.open_with(lock_path(), O_RDWR | O_CREAT, 0600));
        if (GDS_TRY(try_lock(fd))) {
            if (GDS_TRY(still_there(volume, fd))) {
                write_holder(fd, run_id);
                return Lock(std::move(fd));
            }
            continue;
        }
        if (cancel.stopped()) {
            return error(Code::cancelled, "stopped while waiting for another run to end");
        }
        if (Clock::now() >= deadline) {
            return busy(volume, fd);
        }
        pause_until(deadline, cancel);
    }
}

}  // namespace gds::volume
