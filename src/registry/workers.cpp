#include "workers.h"

namespace gds::registry {

Workers::Workers(int threads) {
    for (int i = 1; i < threads; ++i) {  // the caller of for_each is one, too
        threads_.emplace_back([this] { serve(); });
    }
}

Workers::~Workers() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Workers::step(Loop& loop, std::unique_lock<std::mutex>& lock) {
    const std::size_t index = loop.next++;
    if (loop.next == loop.count) {
        open_.remove(&loop);
    }
    ++loop.running;
    lock.unlock();
    (*loop.work)(index);
    lock.lock();
    if (--loop.running == 0 && loop.next == loop.count) {
        changed_.notify_all();
    }
}

void Workers::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !open_.empty(); });
        if (ending_) {
            return;
        }
        step(*open_.front(), lock);
    }
}

void Workers::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
    if (count == 0) {
        return;
    }
    Loop loop{&work, count};
    std::unique_lock lock(mutex_);
    open_.push_front(&loop);
    changed_.notify_all();
    while (loop.next < loop.count) {
        step(loop, lock);
    }
    changed_.wait(lock, [&] { return loop.running == 0; });
}

}  // namespace gds::registry
