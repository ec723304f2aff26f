#pragma once

#include "disk_pace.h"

namespace gds::transfer::testing {

/// As a disk would be found that held a writer up for a second and a half.
inline void make_disk_late() {
    const auto waited = DiskPace::kSpan * 3 / 2;
    disk_pace().forget();
    disk_pace().handed_over(DiskPace::Clock::now(), waited);
}

}  // namespace gds::transfer::testing
