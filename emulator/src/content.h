#pragma once

#include "digest.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace emulator {

/// The bytes behind a file: read by position, so that none needs to be in memory.
class Content {
public:
    Content() = default;
    virtual ~Content() = default;
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;

    [[nodiscard]] virtual std::int64_t size() const = 0;
    /// Up to `length` bytes at `offset`; empty past the end or where they cannot be read.
    [[nodiscard]] virtual std::string read(std::int64_t offset, std::size_t length) const = 0;
    /// Checksum in hex; computed once.
    [[nodiscard]] virtual std::string checksum(Hash kind) const;

private:
    mutable std::mutex mutex_;
    mutable std::array<std::string, 3> checksums_;
};

using ContentPtr = std::shared_ptr<const Content>;

/// Bytes held in memory.
ContentPtr make_bytes(std::string bytes);
/// `size` bytes that `seed` alone determines; nothing is stored.
ContentPtr make_pattern(std::uint64_t seed, std::int64_t size);
/// A file on disk; `size` as it was when scanned.
ContentPtr make_file(std::string path, std::int64_t size);

/// A well mixed 64-bit value of `x` (the finalizer of SplitMix64).
std::uint64_t mix(std::uint64_t x);

}  // namespace emulator
