#pragma once

#include "storage.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace gds::registry {

/// Sizes of blobs' data, each asked of the disk about once, however many repositories link it. Of a
/// fixed size: a blob may push another's answer out. Thread-safe.
class BlobSizes {
public:
    explicit BlobSizes(const Storage& storage) : storage_(storage), slots_(kSlots) {}

    /// nullopt where there is no data.
    Result<std::optional<std::int64_t>> of(const Digest& digest);

private:
    static constexpr std::size_t kSlots = 1U << 16U;
    using Key = std::array<char, 64>;  ///< hex of a SHA-256; other digests are not remembered
    struct Slot {
        Key key{};
        std::int64_t size = -1;  ///< -1 for no data
    };

    const Storage& storage_;
    std::mutex mutex_;
    std::vector<Slot> slots_;
};

}  // namespace gds::registry
