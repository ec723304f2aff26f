#include "direct_writer.h"

#include "disk_pace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

namespace gds::transfer {

namespace {

/// What disks ask of addresses and lengths is a divisor of this.
constexpr std::size_t kAlignment = 4096;

std::atomic<int> alive = 0;

/// Known to write as fast without the page cache.
bool on_local_disk(int fd) {
    struct statfs about {};
    if (::fstatfs(fd, &about) != 0) {
        return false;
    }
    // overlayfs leaves it to the file system below, and refuses where that one does.
    return about.f_type == EXT4_SUPER_MAGIC || about.f_type == XFS_SUPER_MAGIC ||
           about.f_type == OVERLAYFS_SUPER_MAGIC;
}

}  // namespace

std::unique_ptr<DirectWriter> DirectWriter::begin(int fd, const std::string& path) {
    if (alive >= kMost || disk_pace().late() || !on_local_disk(fd)) {
        return nullptr;
    }
    try {
        return std::make_unique<DirectWriter>(fd, path);
    } catch (const std::exception&) {
        return nullptr;  // no memory or no thread to be had, and the page cache asks for neither
    }
}

DirectWriter::Block DirectWriter::make_block(std::size_t size) {
    Block block(static_cast<char*>(std::aligned_alloc(kAlignment, size)));
    if (!block) {
        throw std::bad_alloc();
    }
    return block;
}

DirectWriter::DirectWriter(int fd, std::string path)
    : fd_(fd),
      path_(std::move(path)),
      block_size_(alive == 0 ? kLargestBlock : kSmallestBlock),
      filling_(make_block(block_size_)),
      writing_(make_block(block_size_)) {
    thread_ = std::thread([this] { work(); });
    // Nothing may throw any more: what has not come to be clears no flag. The thread looks at it
    // once it has a block.
    set_direct(true);
    ++alive;
}

DirectWriter::~DirectWriter() {
    {
        const std::scoped_lock lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
    set_direct(false);
    --alive;
}

void DirectWriter::set_direct(bool direct) {
    const int flags = ::fcntl(fd_, F_GETFL);
    const int wanted = direct ? flags | O_DIRECT : flags & ~O_DIRECT;
    direct_ = flags >= 0 && ::fcntl(fd_, F_SETFL, wanted) == 0 && direct;
}

Status DirectWriter::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t count = std::min(bytes.size(), block_size_ - filled_);
        std::memcpy(filling_.get() + filled_, bytes.data(), count);
        bytes.remove_prefix(count);
        filled_ += count;
        if (filled_ == block_size_) {
            GDS_CHECK(hand_over());
        }
    }
    return {};
}

Status DirectWriter::settled(std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [this] { return !under_way_; });
    return failure_ == 0 ? Status() : errno_error(failure_, path_ + ": cannot write");
}

Status DirectWriter::hand_over() {
    {
        std::unique_lock lock(mutex_);
        const auto before = DiskPace::Clock::now();
        GDS_CHECK(settled(lock));
        const auto now = DiskPace::Clock::now();
        disk_pace().handed_over(now, now - before);
        cache_does_better_ = disk_pace().late() || !direct_;
        std::swap(filling_, writing_);
        under_way_ = true;
    }
    changed_.notify_all();
    filled_ = 0;
    return {};
}

Status DirectWriter::finish() {
    std::unique_lock lock(mutex_);
    GDS_CHECK(settled(lock));
    set_direct(false);  // the rest is no whole block
    failure_ = write(filling_.get(), std::exchange(filled_, 0));
    return settled(lock);
}

void DirectWriter::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return under_way_ || ended_; });
        if (!under_way_) {
            return;
        }
        lock.unlock();
        const int failure = write(writing_.get(), block_size_);
        lock.lock();
        failure_ = failure;
        under_way_ = false;
        changed_.notify_all();
    }
}

int DirectWriter::write(const char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t count = ::pwrite(fd_, bytes, size, written_);
        if (count >= 0) {
            bytes += count;
            size -= static_cast<std::size_t>(count);
            written_ += count;
        } else if (errno == EINVAL && direct_) {
            set_direct(false);  // taken when it was asked for, and refused now
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

}  // namespace gds::transfer
