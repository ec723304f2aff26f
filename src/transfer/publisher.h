#pragma once

#include "group.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gds::transfer {

/// The thread that publishes. Files go in groups: what was handed over while the last group was
/// made durable, and what comes soon after.
class Publisher {
public:
    /// `wake` is called on that thread whenever a result is there.
    Publisher(const volume::Volume& volume, volume::Trash& trash, std::function<void()> wake);
    /// Publishes what was handed over, unless halted.
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    void add(Staged file);
    /// Start no further group; what waits stays in staging if it is resumable, else it goes.
    void halt();
    /// Results since the last call, a group each.
    std::vector<GroupResult> take();
    /// Return once take() has something, or nothing is under way; no file waits for others any
    /// more.
    void wait();
    /// Files handed over whose result has not been taken.
    [[nodiscard]] std::size_t pending();

private:
    void work();
    std::vector<Staged> next_group();
    void drop(const std::vector<Staged>& files) const;

    const volume::Volume& volume_;
    volume::Trash& trash_;
    std::function<void()> wake_;
    std::mutex mutex_;  ///< guards what follows, up to the thread
    std::condition_variable changed_;
    std::vector<Staged> queue_;
    std::vector<GroupResult> results_;
    std::size_t under_way_ = 0;  ///< in the queue or being published
    std::size_t untaken_ = 0;    ///< published, in results_
    bool hurry_ = false;
    bool halted_ = false;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace gds::transfer
