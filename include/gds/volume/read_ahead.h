#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/volume/volume.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace gds::volume {

/// Reads the directories of a volume ahead of whoever goes through them. Two threads list and stat
/// them from the beginning, while something else is waited for, and up to eight where somebody has
/// to wait for them, since on an NFS mount each file is a round trip. What is held ahead is bounded
/// to some 2,000 entries and what is under way; directories of more than 4,096 are not read ahead.
class ReadAhead {
public:
    using Entries = std::vector<DirEntry>;

    /// Begins with the root and enters what lies in it on the same file system, unless `enters`,
    /// which any thread may call, refuses its path. Both references must outlive it.
    ReadAhead(const Volume& volume, std::function<bool(const std::string&)> enters,
              const Cancel& cancel);
    /// Waits for the directories that are being read.
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// A directory that will be asked for, and may not be known yet: of a large tree no more than
    /// 4,096 wait to be read.
    void expect(const std::string& path);
    /// The entries of a directory, by name, without what is reserved, as they were at most
    /// kFreshFor ago. One that was not read ahead is read now. To be asked for once, by one thread.
    /// Errors: as Volume::read_dir.
    Result<Entries> take(const std::string& path);

    static constexpr std::chrono::seconds kFreshFor{2};

private:
    using Clock = std::chrono::steady_clock;
    struct Directory {
        bool reading = false;
        std::optional<Entries> entries;  ///< once they were read
        Clock::time_point since;         ///< when reading them began
    };

    void work();
    /// nullopt where that failed, or there are too many to hold.
    [[nodiscard]] std::optional<Entries> read_some(const std::string& path) noexcept;
    template <class Goes>
    Result<Entries> read(const std::string& path, Goes goes_on) const;
    // All under the lock.
    void add_thread() noexcept;
    void wake_one();
    void count(std::ptrdiff_t more);
    void drop_old();
    [[nodiscard]] bool is_being_read(const std::string& path) const;
    void queue(std::string folder);
    void queue_folders(const std::string& path, const Entries& entries);

    const Volume& volume_;
    std::function<bool(const std::string&)> enters_;
    const Cancel& cancel_;
    std::mutex mutex_;
    std::condition_variable work_;  ///< there is something to read, and room for it
    std::condition_variable read_;  ///< a directory was read
    std::unordered_map<std::string, Directory> directories_;  ///< those that nobody took
    std::deque<std::string> queue_;
    std::size_t held_ = 0;  ///< directories that were read and not taken, and their entries
    bool full_ = false;     ///< held_ has reached its bound, and not gone down by half since
    std::string awaited_;   ///< what take() waits for
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace gds::volume
