#include "group_commit.h"

namespace gds::run {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAtMost = 1000;
constexpr std::chrono::seconds kWithin{2};

}  // namespace

GroupCommit::GroupCommit(state::Store& store) : store_(store) {}

Status GroupCommit::begin() {
    batch_.emplace(GDS_TRY(state::Batch::begin(store_.db(), state::Batch::Parts::alone)));
    count_ = 0;
    return {};
}

Status GroupCommit::recorded(std::size_t count) {
    if (count_ == 0) {
        began_ = Clock::now();
    }
    count_ += count;
    const bool due = count_ >= kAtMost || (count_ > 0 && Clock::now() - began_ >= kWithin);
    return due ? flush() : Status();
}

Status GroupCommit::flush() {
    if (!batch_) {
        return {};
    }
    GDS_CHECK(end());
    return begin();
}

Status GroupCommit::end() {
    Status committed = batch_ ? batch_->commit() : Status();
    batch_.reset();
    return committed;
}

}  // namespace gds::run
