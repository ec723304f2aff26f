#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace gds::registry {

/// Threads that wait for a slow disk side by side. Loops may be started from within loops: whoever
/// starts one works on it until nothing of it is left to begin.
class Workers {
public:
    explicit Workers(int threads);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// Call `work` once for each number below `count`, in any order, at the same time; returns when
    /// all have returned.
    void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

private:
    struct Loop {
        const std::function<void(std::size_t)>* work;
        std::size_t count;
        std::size_t next = 0;
        std::size_t running = 0;
    };

    void serve();
    /// Do one piece of the loop with the lock released meanwhile.
    void step(Loop& loop, std::unique_lock<std::mutex>& lock);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Loop*> open_;  ///< loops with something left to begin, newest first
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace gds::registry
