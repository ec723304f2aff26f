#pragma once

#include <cstdint>

namespace gds::state {

// Bits of item.flags.
inline constexpr std::int64_t kNoDownload = 1;
inline constexpr std::int64_t kInPhotos = 2;
inline constexpr std::int64_t kTrashed = 4;
inline constexpr std::int64_t kOwned = 8;
/// Not Drive's word but ours; see Store::Standing.
inline constexpr std::int64_t kAbsent = 16;
inline constexpr std::int64_t kListed = 32;
inline constexpr std::int64_t kOurs = kAbsent | kListed;

}  // namespace gds::state
