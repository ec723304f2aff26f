#include "gds/volume/read_ahead.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gds::volume {

namespace {

constexpr std::size_t kThreadsAtFirst = 2;  // a local disk's answers keep no more busy
constexpr std::size_t kMostThreads = 8;
constexpr std::size_t kMostHeld = 2'048;  // nothing more is begun then
constexpr std::size_t kLargest = 4'096;
constexpr std::size_t kMostQueued = 4'096;  // what is not is read when it is asked for
constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

}  // namespace

ReadAhead::ReadAhead(const Volume& volume, std::function<bool(const std::string&)> enters,
                     const Cancel& cancel)
    : volume_(volume), enters_(std::move(enters)), cancel_(cancel) {
    queue_.emplace_back();
    directories_.try_emplace("");
    while (threads_.size() < kThreadsAtFirst) {
        threads_.emplace_back([this] { work(); });
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

std::optional<Result<ReadAhead::Entries>> ReadAhead::read(const std::string& path,
                                                          std::size_t most) const {
    Entries entries;
    bool too_many = false;
    const Status listed = volume_.read_dir(path, [&](const DirEntry& found) -> Status {
        if (is_reserved(path, found.name)) {
            return {};
        }
        too_many = entries.size() == most;
        entries.push_back(found);
        return too_many ? Status(error(Code::internal, "too many")) : Status();
    });
    if (too_many) {
        return std::nullopt;
    }
    if (!listed) {
        return listed.error();
    }
    std::sort(entries.begin(), entries.end(),
              [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
    entries.shrink_to_fit();
    return Result<Entries>(std::move(entries));
}

bool ReadAhead::is_being_read(const std::string& path) const {
    const auto found = directories_.find(path);
    return found != directories_.end() && found->second.reading;
}

void ReadAhead::queue_folders(const std::string& path, const Result<Entries>& entries) {
    if (!entries) {
        return;
    }
    for (const DirEntry& entry : *entries) {
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
    {
        const std::lock_guard lock(mutex_);
        queue(path);
    }
    work_.notify_one();
}

void ReadAhead::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return stopping_ || (!queue_.empty() && held_ < kMostHeld); });
        if (stopping_ || cancel_.stopped()) {
            return;
        }
        const std::string path = std::move(queue_.front());
        queue_.pop_front();
        const auto directory = directories_.find(path);
        if (directory == directories_.end()) {
            continue;  // taken meanwhile
        }
        directory->second.reading = true;
        lock.unlock();
        auto entries = read(path, kLargest);
        lock.lock();
        if (entries) {
            queue_folders(path, *entries);
            held_ += *entries ? (*entries)->size() : 0;
            Directory& done = directories_[path];
            done.reading = false;
            done.entries = std::move(entries);
        } else {
            directories_.erase(path);
        }
        read_.notify_one();
        work_.notify_all();
    }
}

Result<ReadAhead::Entries> ReadAhead::take(const std::string& path) {
    std::unique_lock lock(mutex_);
    const auto known = directories_.find(path);
    const bool late = known == directories_.end() || !known->second.entries;
    if (late && !queue_.empty() && threads_.size() < kMostThreads) {
        threads_.emplace_back([this] { work(); });
    }
    read_.wait(lock, [&] { return !is_being_read(path); });
    auto ahead = directories_.extract(path);
    if (ahead && ahead.mapped().entries) {
        Result<Entries> entries = *std::move(ahead.mapped().entries);
        held_ -= entries ? entries->size() : 0;
        lock.unlock();
        work_.notify_all();
        return entries;
    }
    lock.unlock();
    Result<Entries> entries = *read(path, kNoBound);
    lock.lock();
    queue_folders(path, entries);
    lock.unlock();
    work_.notify_all();
    return entries;
}

}  // namespace gds::volume
