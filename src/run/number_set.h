#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gds::run {

/// A growing set of row numbers, one bit each.
class NumberSet {
public:
    void add(std::int64_t n) {
        const auto index = static_cast<std::size_t>(n);
        if (index >= bits_.size()) {
            bits_.resize(index + index / 2 + 64);
        }
        bits_[index] = true;
    }
    void remove(std::int64_t n) {
        if (has(n)) {
            bits_[static_cast<std::size_t>(n)] = false;
        }
    }
    [[nodiscard]] bool has(std::int64_t n) const {
        const auto index = static_cast<std::size_t>(n);
        return index < bits_.size() && bits_[index];
    }
    /// The first number from `n` on that is in it; 0 where none is.
    [[nodiscard]] std::int64_t next(std::int64_t n) const {
        while (static_cast<std::size_t>(n) < bits_.size() && !has(n)) {
            ++n;
        }
        return has(n) ? n : 0;
    }

private:
    std::vector<bool> bits_;
};

}  // namespace gds::run
