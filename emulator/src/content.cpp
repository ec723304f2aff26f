#include "content.h"

#include <endian.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

namespace emulator {
namespace {

constexpr std::size_t kHashBlock = 256 * 1024;

class BytesContent final : public Content {
public:
    explicit BytesContent(std::string bytes) : bytes_(std::move(bytes)) {}
    [[nodiscard]] std::int64_t size() const override {
        return static_cast<std::int64_t>(bytes_.size());
    }
    [[nodiscard]] std::string read(std::int64_t offset, std::size_t length) const override {
        const auto at = static_cast<std::size_t>(offset);
        return at >= bytes_.size() ? std::string() : bytes_.substr(at, length);
    }

private:
    std::string bytes_;
};

/// Remembers the checksums of large patterns: their objects are made anew for every request.
class PatternChecksums {
public:
    using Key = std::tuple<std::uint64_t, std::int64_t, Hash>;
    std::string get(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto found = known_.find(key);
        return found == known_.end() ? std::string() : found->second;
    }
    void put(const Key& key, std::string checksum) {
        const std::lock_guard lock(mutex_);
        known_[key] = std::move(checksum);
    }

private:
    std::mutex mutex_;
    std::map<Key, std::string> known_;
};

class PatternContent final : public Content {
public:
    PatternContent(std::uint64_t seed, std::int64_t size) : seed_(seed), size_(size) {}
    [[nodiscard]] std::int64_t size() const override { return size_; }
    [[nodiscard]] std::string read(std::int64_t offset, std::size_t length) const override {
        if (offset >= size_) {
            return {};
        }
        length = std::min(length, static_cast<std::size_t>(size_ - offset));
        const auto skip = static_cast<std::size_t>(offset % 8);
        std::string out((skip + length + 7) / 8 * 8, '\0');
        auto word = static_cast<std::uint64_t>(offset) / 8;
        for (std::size_t at = 0; at < out.size(); at += sizeof word, ++word) {
            // The least byte first, wherever this runs.
            const std::uint64_t value = htole64(mix(seed_ ^ mix(word)));
            std::memcpy(out.data() + at, &value, sizeof value);
        }
        out.resize(skip + length);
        out.erase(0, skip);
        return out;
    }
    [[nodiscard]] std::string checksum(Hash kind) const override {
        static PatternChecksums large;
        if (size_ < static_cast<std::int64_t>(kHashBlock)) {
            return Content::checksum(kind);
        }
        const PatternChecksums::Key key{seed_, size_, kind};
        std::string known = large.get(key);
        if (known.empty()) {
            known = Content::checksum(kind);
            large.put(key, known);
        }
        return known;
    }

private:
    std::uint64_t seed_;
    std::int64_t size_;
};

class FileContent final : public Content {
public:
    FileContent(std::string path, std::int64_t size) : path_(std::move(path)), size_(size) {}
    [[nodiscard]] std::int64_t size() const override { return size_; }
    [[nodiscard]] std::string read(std::int64_t offset, std::size_t length) const override {
        const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
            return {};
        }
        const auto rest = static_cast<std::size_t>(std::max<std::int64_t>(0, size_ - offset));
        std::string out(std::min(length, rest), '\0');
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t n = ::pread(fd, out.data() + done, out.size() - done,
                                      offset + static_cast<std::int64_t>(done));
            if (n <= 0) {
                break;
            }
            done += static_cast<std::size_t>(n);
        }
        ::close(fd);
        out.resize(done);
        return out;
    }

private:
    std::string path_;
    std::int64_t size_;
};

}  // namespace

std::string Content::checksum(Hash kind) const {
    const std::lock_guard lock(mutex_);
    std::string& known = checksums_.at(static_cast<std::size_t>(kind));
    if (known.empty()) {
        Hasher hasher(kind);
        for (std::int64_t at = 0; at < size();) {
            const std::string block = read(at, kHashBlock);
            if (block.empty()) {
                break;
            }
            hasher.update(block);
            at += static_cast<std::int64_t>(block.size());
        }
        known = to_hex(hasher.finish());
    }
    return known;
}

ContentPtr make_bytes(std::string bytes) {
    return std::make_shared<BytesContent>(std::move(bytes));
}

ContentPtr make_pattern(std::uint64_t seed, std::int64_t size) {
    return std::make_shared<PatternContent>(seed, size);
}

ContentPtr make_file(std::string path, std::int64_t size) {
    return std::make_shared<FileContent>(std::move(path), size);
}

std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27U) * 0x94d049bb133111ebU;
    return x ^ x >> 31U;
}

}  // namespace emulator
