#pragma once

#include "item.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace emulator {

/// The change log: which items changed, in order. What the item was then is kept for a Drive that
/// shows it (feed-collapses-entries 0); the real one shows what it is now.
class Feed {
public:
    struct Entry {
        std::string id;
        std::string corpus;  ///< "" for the user's log, else a shared drive
        std::int64_t time_ms = 0;
        bool removed = false;  ///< gone, or gone from this corpus
        ItemPtr state;         ///< right after the change
    };

    /// Page tokens are positions plus this, so that they look like Drive's.
    static constexpr std::int64_t kFirstToken = 4711;

    void record(Entry entry);
    /// The position after the last entry.
    [[nodiscard]] std::size_t end() const { return entries_.size(); }
    [[nodiscard]] const Entry& at(std::size_t position) const { return entries_[position]; }
    /// No newer entry of the same item in the same corpus follows.
    [[nodiscard]] bool is_latest(std::size_t position) const;

private:
    std::vector<Entry> entries_;
    std::unordered_map<std::string, std::size_t> latest_;  ///< by corpus and id
};

}  // namespace emulator
