#pragma once

#include "gds/base/result.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gds::transfer {

/// Writes a large file from its first byte on past the page cache (open(2), O_DIRECT), on a thread
/// of its own: one block is on its way to the disk while the next one fills.
class DirectWriter {
public:
    /// Two blocks are the memory of a writer: of the first one of a process such, and a quarter of
    /// it of each further one, so that all of them together stay in the processor's cache.
    static constexpr std::size_t kLargestBlock = std::size_t{512} * 1024;
    static constexpr std::size_t kSmallestBlock = kLargestBlock / 4;
    /// A process has no more of them at a time.
    static constexpr int kMost = 8;

    /// nullptr where the page cache does better: kMost are there, the disk is late, or `fd` is on
    /// no local disk (an NFS server would make each block durable by itself). `fd` stays the
    /// caller's, and open for as long as the writer lives; `path` is for errors.
    static std::unique_ptr<DirectWriter> begin(int fd, const std::string& path);

    /// As begin(), whatever the file system.
    DirectWriter(int fd, std::string path);
    /// Waits for the block that is under way; what was not handed over is dropped.
    ~DirectWriter();
    DirectWriter(const DirectWriter&) = delete;
    DirectWriter& operator=(const DirectWriter&) = delete;

    /// Waits where the disk is slower than the caller. An error may be that of an earlier block.
    Status append(std::string_view bytes);
    /// True where the rest should rather go through the cache, which gathers more for a disk that
    /// does not keep up, and takes what the file system refuses to take directly. Nothing is lost
    /// by going on here.
    [[nodiscard]] bool cache_does_better() const { return cache_does_better_; }
    /// Return once every byte is in the file, or the first error. Nothing may follow.
    Status finish();

private:
    struct Free {
        void operator()(char* block) const { std::free(block); }
    };
    using Block = std::unique_ptr<char, Free>;

    static Block make_block(std::size_t size);
    void set_direct(bool direct);
    void work();
    /// The next bytes of the file, on whichever thread; an errno, or 0.
    int write(const char* bytes, std::size_t size);
    Status hand_over();
    /// With the lock: until no block is under way; what became of those so far.
    Status settled(std::unique_lock<std::mutex>& lock);

    int fd_;
    std::string path_;
    std::size_t block_size_;
    Block filling_;
    std::size_t filled_ = 0;
    bool cache_does_better_ = false;

    /// Only of the thread that writes, or of the other while no block is under way.
    bool direct_ = false;
    std::int64_t written_ = 0;

    std::mutex mutex_;  ///< guards what follows, up to the thread
    std::condition_variable changed_;
    Block writing_;
    bool under_way_ = false;
    bool ended_ = false;
    int failure_ = 0;  ///< errno of the first write that failed
    std::thread thread_;
};

}  // namespace gds::transfer
