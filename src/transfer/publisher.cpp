#include "publisher.h"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace gds::transfer {

namespace {

/// Bounds what one commit records, and how long a stop waits for a group.
constexpr std::size_t kLargestGroup = 256;

/// So long a file waits for others to share its syncs and its commit, unless nothing else is on its
/// way: what a power cut costs is no more than that much of downloading.
constexpr std::chrono::milliseconds kGathering{500};

}  // namespace

Publisher::Publisher(const volume::Volume& volume, volume::Trash& trash, std::function<void()> wake)
    : volume_(volume), trash_(trash), wake_(std::move(wake)), thread_([this] { work(); }) {}

Publisher::~Publisher() {
    {
        const std::scoped_lock lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Publisher::add(Staged file) {
    bool wakes = false;
    {
        const std::scoped_lock lock(mutex_);
        queue_.push_back(std::move(file));
        ++under_way_;
        // In between the thread gathers: waking it up would only send it back to sleep.
        wakes = queue_.size() == 1 || queue_.size() == kLargestGroup;
    }
    if (wakes) {
        changed_.notify_all();
    }
}

void Publisher::halt() {
    std::vector<Staged> dropped;
    {
        const std::scoped_lock lock(mutex_);
        halted_ = true;
        dropped.swap(queue_);
        under_way_ -= dropped.size();
    }
    drop(dropped);
    changed_.notify_all();
}

void Publisher::drop(const std::vector<Staged>& files) const {
    for (const auto& file : files) {
        if (!file.resumable) {
            (void)volume_.remove_file(file.staging);  // else clean_staging() does it
        }
    }
}

std::vector<GroupResult> Publisher::take() {
    const std::scoped_lock lock(mutex_);
    untaken_ = 0;
    return std::exchange(results_, {});
}

void Publisher::wait() {
    std::unique_lock lock(mutex_);
    hurry_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !results_.empty() || under_way_ == 0; });
    hurry_ = false;
}

std::size_t Publisher::pending() {
    const std::scoped_lock lock(mutex_);
    return under_way_ + untaken_;
}

std::vector<Staged> Publisher::next_group() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || ended_; });
    changed_.wait_for(lock, kGathering, [this] {
        return queue_.size() >= kLargestGroup || hurry_ || halted_ || ended_;
    });
    if (halted_) {
        drop(std::exchange(queue_, {}));
        under_way_ = 0;
    }
    const auto count = std::min(queue_.size(), kLargestGroup);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Staged> group(std::make_move_iterator(queue_.begin()),
                              std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return group;
}

void Publisher::work() {
    for (;;) {
        auto group = next_group();
        const auto count = group.size();
        if (count == 0) {
            changed_.notify_all();  // what waited may have been dropped
            const std::scoped_lock lock(mutex_);
            if (ended_) {
                return;
            }
            continue;
        }
        auto result = publish_group(volume_, trash_, std::move(group));
        {
            const std::scoped_lock lock(mutex_);
            under_way_ -= count;
            untaken_ += count;
            halted_ = halted_ || result.fatal.has_value();
            results_.push_back(std::move(result));
        }
        changed_.notify_all();
        wake_();
    }
}

}  // namespace gds::transfer
