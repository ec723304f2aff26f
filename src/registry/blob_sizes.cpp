#include "blob_sizes.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace gds::registry {

Result<std::optional<std::int64_t>> BlobSizes::of(const Digest& digest) {
    if (digest.algorithm() != "sha256") {
        return storage_.blob_size(digest);
    }
    Key key{};
    const std::string_view hex = digest.hex();
    std::copy(hex.begin(), hex.end(), key.begin());
    Slot& slot = slots_[std::hash<std::string_view>()(hex) % kSlots];
    {
        const std::lock_guard lock(mutex_);
        if (slot.key == key) {
            return slot.size < 0 ? std::nullopt : std::optional(slot.size);
        }
    }
    const auto size = GDS_TRY(storage_.blob_size(digest));
    const std::lock_guard lock(mutex_);
    slot = Slot{key, size.value_or(-1)};
    return size;
}

}  // namespace gds::registry
