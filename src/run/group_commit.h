#pragma once

#include "gds/base/result.h"
#include "gds/state/store.h"

#include <chrono>
#include <cstddef>
#include <optional>

namespace gds::run {

/// Commits together what is recorded within two seconds, a thousand records at most: a commit waits
/// for the disk four times. Only for what the next run would find out by itself, if at some cost.
class GroupCommit {
public:
    explicit GroupCommit(state::Store& store);

    /// From here on transactions are parts of a batch.
    Status begin();
    /// So many more were recorded. Commits what is many or old by now, so that it is to be called
    /// with 0 while nothing happens.
    Status recorded(std::size_t count);
    /// Commits whatever there is, nothing before begin(): for what a later run cannot find out.
    Status flush();
    /// The same, and every transaction is one by itself again.
    Status end();

private:
    state::Store& store_;
    std::optional<state::Batch> batch_;
    std::chrono::steady_clock::time_point began_;
    std::size_t count_ = 0;
};

}  // namespace gds::run
