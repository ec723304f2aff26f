#pragma once

#include "gds/registry/digest.h"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace gds::registry {

/// What is known of a blob's bytes, which all repositories share. Names are kept as hashes: a
/// registry has millions of blobs.
class DataIndex {
public:
    enum class State : std::uint8_t { unknown, in_flight, sound, lost, corrupt };
    using Key = std::array<std::uint64_t, 4>;

    static Key key_of(const Digest& digest);

    [[nodiscard]] State state(const Key& key) const {
        const auto found = states_.find(key);
        return found == states_.end() ? State::unknown : found->second;
    }
    void set(const Key& key, State state) { states_[key] = state; }

    struct HashKey {
        std::size_t operator()(const Key& key) const { return key[0]; }
    };

private:
    std::unordered_map<Key, State, HashKey> states_;
};

}  // namespace gds::registry
