#include "partial.h"

#include "gds/base/text.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gds::transfer {

namespace {

/// Smaller files are written before a preallocation would pay.
constexpr std::int64_t kReserveAbove = 1LL << 20;

/// So large a file would push others out of the page cache, and costs less without it.
constexpr std::int64_t kDirectAbove = 32LL << 20;

constexpr std::size_t kReadBlock = 1UL << 20;

/// The disk is set to work on so much at a time, while more comes in: what publishing has to wait
/// for is then only the rest.
constexpr std::int64_t kWriteBehind = 8LL << 20;

Error staging_error(int errno_value, std::string_view doing, const std::string& path) {
    return errno_error(errno_value, fmt::format("{}: cannot {}", path, doing));
}

/// What lies in staging under a name.
struct Opened {
    Fd fd;
    std::int64_t size = 0;
    unsigned mode = 0;
    bool usable = false;  ///< a regular file that nothing else names
};

Result<Opened> look_at(Fd fd, const std::string& path) {
    struct stat raw {};
    if (::fstat(fd.get(), &raw) != 0) {
        return staging_error(errno, "stat", path);
    }
    const bool usable = S_ISREG(raw.st_mode) && raw.st_nlink == 1;
    return Opened{std::move(fd), raw.st_size, raw.st_mode & 07777U, usable};
}

/// Error: conflict where the name is taken.
Result<Opened> create(volume::Cursor& staging, const Partial::Plan& plan) {
    // With the final mode from the start, unless the next run could then not go on with it. What
    // became of it is read back: a default ACL has its say.
    const unsigned mode = plan.mode | S_IRUSR | S_IWUSR;
    return look_at(GDS_TRY(staging.open_with(plan.path, O_RDWR | O_CREAT | O_EXCL, mode)),
                   plan.path);
}

/// What an earlier run left, or a new file in its place where it is a link or FIFO, never written
/// through, or a finished file of a mode without write access.
Result<Opened> take_over(volume::Cursor& staging, const Partial::Plan& plan) {
    auto fd = staging.open_with(plan.path, O_RDWR);
    if (fd) {
        auto there = GDS_TRY(look_at(std::move(*fd), plan.path));
        if (there.usable) {
            return there;
        }
    } else if (fd.error().code != Code::conflict && fd.error().code != Code::permission_denied) {
        return fd.error();
    }
    auto removed = staging.remove_file(plan.path);
    if (!removed && removed.error().code != Code::not_found) {
        return removed.error();
    }
    return create(staging, plan);
}

}  // namespace

std::string staging_path() {
    return std::string(volume::kStateDirName) + "/staging";
}

std::string partial_path(std::string_view resume_key) {
    return fmt::format("{}/{}{}", staging_path(), resume_key, kPartialEnding);
}

Partial::Partial(Plan plan, Fd fd, unsigned mode)
    : plan_(std::move(plan)), fd_(std::move(fd)), mode_(mode), digest_(plan_.algorithm) {}

Result<Partial> Partial::open(volume::Cursor& staging, Plan plan) {
    auto opened = create(staging, plan);
    if (!opened && opened.error().code == Code::conflict) {
        opened = take_over(staging, plan);
    }
    if (!opened) {
        return opened.error();
    }
    const std::int64_t left = opened->size;
    Partial partial(std::move(plan), std::move(opened->fd), opened->mode);
    partial.left_by_earlier_run_ = left;
    const bool of_use = partial.plan_.resume && left <= partial.plan_.size.value_or(left);
    auto ready = of_use || left == 0 ? partial.reserve() : partial.restart();
    if (!ready) {
        if (partial.left_by_earlier_run_ == 0) {
            partial.discard(staging);
        }
        return ready.error();
    }
    return partial;
}

Status Partial::reserve() {
    if (!plan_.size || *plan_.size <= kReserveAbove) {
        return {};
    }
    // KEEP_SIZE: the file's length stays the number of bytes that have arrived.
    if (::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, *plan_.size) != 0 &&
        (errno == ENOSPC || errno == EDQUOT)) {
        return staging_error(errno, fmt::format("reserve {}", format_size(*plan_.size)),
                             plan_.path);
    }
    return {};
}

Status Partial::restart() {
    direct_.reset();
    digest_ = crypto::Digest(plan_.algorithm);
    offset_ = 0;
    handed_to_disk_ = 0;
    left_by_earlier_run_ = 0;
    inherited_ = false;
    if (::ftruncate(fd_.get(), 0) != 0) {
        return staging_error(errno, "truncate", plan_.path);
    }
    return reserve();
}

Result<bool> Partial::rehash(std::int64_t limit) {
    const std::int64_t end = std::min(left_by_earlier_run_, offset_ + limit);
    while (offset_ < end) {
        const auto count =
            std::min<std::size_t>(kReadBlock, static_cast<std::size_t>(end - offset_));
        const auto bytes = GDS_TRY(peek(offset_, count));
        if (bytes.empty()) {
            return error(Code::io, plan_.path + ": became shorter while it was read");
        }
        digest_.update(bytes);
        offset_ += static_cast<std::int64_t>(bytes.size());
        inherited_ = true;
    }
    return offset_ >= left_by_earlier_run_;
}

Status Partial::append(std::string_view bytes) {
    digest_.update(bytes);
    if (offset_ == 0 && !bytes.empty() && plan_.size.value_or(0) > kDirectAbove) {
        direct_ = DirectWriter::begin(fd_.get(), plan_.path);
    }
    if (direct_) {
        offset_ += static_cast<std::int64_t>(bytes.size());
        GDS_CHECK(direct_->append(bytes));
        return direct_->cache_does_better() ? flush() : Status();
    }
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), offset_);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            offset_ += count;
        } else if (errno != EINTR) {
            return staging_error(errno, "write", plan_.path);
        }
    }
    write_behind();
    return {};
}

Status Partial::flush() {
    if (direct_) {
        GDS_CHECK(direct_->finish());
        direct_.reset();
        handed_to_disk_ = offset_;
    }
    return {};
}

void Partial::write_behind() {
    if (offset_ - handed_to_disk_ < kWriteBehind) {
        return;
    }
    // Only a head start: where it fails or there is no such call, publishing waits longer.
    (void)::sync_file_range(fd_.get(), handed_to_disk_, offset_ - handed_to_disk_,
                            SYNC_FILE_RANGE_WRITE);
    handed_to_disk_ = offset_;
}

Result<std::string> Partial::peek(std::int64_t from, std::size_t count) const {
    std::string bytes(count, '\0');
    for (;;) {
        const ssize_t got = ::pread(fd_.get(), bytes.data(), bytes.size(), from);
        if (got >= 0) {
            bytes.resize(static_cast<std::size_t>(got));
            return bytes;
        }
        if (errno != EINTR) {
            return staging_error(errno, "read", plan_.path);
        }
    }
}

Status Partial::seal(std::int64_t mtime_ms) {
    const auto times = volume::modification_time(mtime_ms);
    const bool has_mode = mode_ == plan_.mode || ::fchmod(fd_.get(), plan_.mode) == 0;
    if (!has_mode || ::futimens(fd_.get(), times.data()) != 0) {
        return staging_error(errno, "set mode and time", plan_.path);
    }
    auto closed = fd_.close();
    return closed ? Status() : Status(closed.error().context(plan_.path));
}

void Partial::discard(volume::Cursor& staging) {
    // Either failing leaves a file in staging, which the next clean_staging() removes.
    direct_.reset();
    (void)fd_.close();
    (void)staging.remove_file(plan_.path);
}

}  // namespace gds::transfer
