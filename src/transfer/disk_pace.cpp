#include "disk_pace.h"

namespace gds::transfer {

void DiskPace::handed_over(Clock::time_point now, Clock::duration waited) {
    const std::scoped_lock lock(mutex_);
    if (since_ == Clock::time_point()) {
        since_ = now - waited;
    }
    waited_ += waited;
    const auto span = now - since_;
    if (span >= kSpan) {
        late_ = late_ || waited_ * 2 > span;
        since_ = now;
        waited_ = Clock::duration(0);
    }
}

bool DiskPace::late() const {
    const std::scoped_lock lock(mutex_);
    return late_;
}

void DiskPace::forget() {
    const std::scoped_lock lock(mutex_);
    since_ = Clock::time_point();
    waited_ = Clock::duration(0);
    late_ = false;
}

DiskPace& disk_pace() {
    static DiskPace pace;
    return pace;
}

}  // namespace gds::transfer
