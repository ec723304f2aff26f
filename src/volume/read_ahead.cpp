#include "gds/volume/read_ahead.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <system_error>
#include <utility>

namespace gds::volume {

namespace {

constexpr std::size_t kThreadsAtFirst = 2;  // a local disk's answers keep no more busy
constexpr std::size_t kMostThreads = 8;
constexpr std::size_t kMostHeld = 2'048;   // nothing more is begun then,
constexpr std::size_t kRoomAgain = 1'024;  // until so much is left, or threads wake for each take()
constexpr std::chrono::milliseconds kSlow{2};  // for one directory: more threads are of use
constexpr std::size_t kLargest = 4'096;
constexpr std::size_t kMostQueued = 4'096;  // what is not is read when it is asked for

/// What a directory counts for, so that many empty ones are bounded, too.
std::ptrdiff_t weight(const ReadAhead::Entries& entries) {
    return std::ssize(entries) + 1;
}

}  // namespace

ReadAhead::ReadAhead(const Volume& volume, std::function<bool(const std::string&)> enters,
                     const Cancel& cancel)
    : volume_(volume), enters_(std::move(enters)), cancel_(cancel) {
    threads_.reserve(kMostThreads);
    const std::lock_guard lock(mutex_);
    queue("");
    for (std::size_t i = 0; i < kThreadsAtFirst; ++i) {
        add_thread();
    }
}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void ReadAhead::add_thread() noexcept {
    if (threads_.size() == kMostThreads) {
        return;
    }
    try {
        threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
        // The system has none to give: take() reads what nobody has read ahead.
    }
}

template <class Goes>
Result<ReadAhead::Entries> ReadAhead::read(const std::string& path, Goes goes_on) const {
    Entries entries;
    GDS_CHECK(volume_.read_dir(path, [&](const DirEntry& found) -> Status {
        if (!is_reserved(path, found.name)) {
            entries.push_back(found);
        }
        return goes_on(entries.size())
                   ? Status()
                   : Status(error(Code::cancelled, "too many to be held ahead"));
    }));
    std::sort(entries.begin(), entries.end(),
              [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
    entries.shrink_to_fit();
    return entries;
}

std::optional<ReadAhead::Entries> ReadAhead::read_some(const std::string& path) noexcept try {
    auto entries = read(path, [&](std::size_t count) {
        if (count <= kLargest) {
            return true;
        }
        const std::lock_guard lock(mutex_);
        return awaited_ == path;
    });
    // What went wrong is told to whoever asks, if it goes wrong again then.
    return entries ? std::optional(*std::move(entries)) : std::nullopt;
} catch (...) {
    return std::nullopt;  // take() meets it, where somebody sees it
}

bool ReadAhead::is_being_read(const std::string& path) const {
    const auto found = directories_.find(path);
    return found != directories_.end() && found->second.reading;
}

void ReadAhead::queue_folders(const std::string& path, const Entries& entries) {
    for (const DirEntry& entry : entries) {
        const bool own =
            entry.stat.type == FileType::directory && entry.stat.device == volume_.device();
        if (std::string folder = own ? join_path(path, entry.name) : ""; own && enters_(folder)) {
            queue(std::move(folder));
        }
    }
}

void ReadAhead::queue(std::string folder) {
    if (queue_.size() < kMostQueued && directories_.try_emplace(folder).second) {
        queue_.push_back(std::move(folder));
    }
}

void ReadAhead::expect(const std::string& path) {
    const std::lock_guard lock(mutex_);
    queue(path);
    wake_one();
}

/// Each that wakes wakes the next: not all of them for a single directory.
void ReadAhead::wake_one() {
    if (!queue_.empty() && !full_) {
        work_.notify_one();
    }
}

void ReadAhead::count(std::ptrdiff_t more) {
    held_ += static_cast<std::size_t>(more);
    full_ = held_ >= kMostHeld || (full_ && held_ > kRoomAgain);
}

void ReadAhead::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return stopping_ || (!queue_.empty() && !full_); });
        if (stopping_ || cancel_.stopped()) {
            return;
        }
        const std::string path = std::move(queue_.front());
        queue_.pop_front();
        wake_one();
        const auto directory = directories_.find(path);
        if (directory == directories_.end() || directory->second.reading ||
            directory->second.entries) {
            continue;  // taken meanwhile, or read for another queuing of it
        }
        directory->second.reading = true;
        directory->second.since = Clock::now();
        lock.unlock();
        auto entries = read_some(path);
        lock.lock();
        if (entries) {
            queue_folders(path, *entries);
            count(weight(*entries));
            Directory& done = directories_.at(path);
            done.reading = false;
            done.entries = std::move(entries);
        } else {
            directories_.erase(path);
        }
        read_.notify_one();
    }
}

/// What was read long ago may be another by now: it is found again as the tree is gone through.
void ReadAhead::drop_old() {
    const auto fresh = Clock::now() - kFreshFor;
    for (auto it = directories_.begin(); it != directories_.end();) {
        const Directory& directory = it->second;
        const bool old = directory.entries && directory.since < fresh;
        count(old ? -weight(*directory.entries) : 0);
        it = old ? directories_.erase(it) : std::next(it);
    }
}

Result<ReadAhead::Entries> ReadAhead::take(const std::string& path) {
    std::unique_lock lock(mutex_);
    const auto asked = Clock::now();
    awaited_ = path;
    read_.wait(lock, [&] { return !is_being_read(path); });
    const auto known = directories_.find(path);
    if (known != directories_.end() && known->second.entries &&
        known->second.since < Clock::now() - kFreshFor) {
        drop_old();
    }
    auto ahead = directories_.extract(path);
    Result<Entries> entries = Entries();
    if (ahead && ahead.mapped().entries) {
        entries = *std::move(ahead.mapped().entries);
        count(-weight(*entries));
    } else {
        lock.unlock();
        entries = read(path, [](std::size_t) { return true; });
        lock.lock();
        if (entries) {
            queue_folders(path, *entries);
        }
    }
    if (Clock::now() - asked > kSlow && !queue_.empty()) {
        add_thread();
    }
    wake_one();
    return entries;
}

}  // namespace gds::volume
