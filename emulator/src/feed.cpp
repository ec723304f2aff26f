#include "feed.h"

#include <utility>

namespace emulator {

void Feed::record(Entry entry) {
    latest_[entry.corpus + '/' + entry.id] = entries_.size();
    entries_.push_back(std::move(entry));
}

bool Feed::is_latest(std::size_t position) const {
    const Entry& entry = entries_[position];
    return latest_.at(entry.corpus + '/' + entry.id) == position;
}

}  // namespace emulator
