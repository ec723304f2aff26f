#pragma once

#include "item.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace emulator {

/// How far up anyone looks: a test may build a tree with a loop of parents.
inline constexpr int kMaxDepth = 1000;

inline constexpr std::string_view kRootId = "0AEmulatedMyDriveRoot";

/// Many like files in one folder that exist only as a rule, so that a million need no memory.
struct Block {
    std::string parent;
    std::uint32_t count = 0;
    std::uint64_t seed = 0;
    std::uint32_t distinct = 0;  ///< how many different contents; 0: all differ
    std::string prefix = "file-";
    std::string suffix = ".bin";
    std::string mime_type = "application/octet-stream";
    std::vector<std::int64_t> sizes;  ///< taken in turn
    std::int64_t modified_ms = 0;
};

/// All items by id and by parent. Not locked: see Store.
class Tree {
public:
    /// Called with each item and the position after it; false stops.
    using Visit = std::function<bool(const ItemPtr&, std::uint64_t)>;

    explicit Tree(std::int64_t now_ms);

    /// By id, or the alias "root"; null where there is none.
    [[nodiscard]] ItemPtr find(std::string_view id) const;
    /// Adds it, or replaces the one of that id.
    ItemPtr put(Item item);
    /// Takes out this one item, not what is below it.
    void erase(const std::string& id);
    void add_block(Block block);

    /// Children of `parent` from `position` (0: all) on.
    void children(std::string_view parent, std::uint64_t position, const Visit& visit) const;
    /// Every item from `position` on.
    void all(std::uint64_t position, const Visit& visit) const;
    /// The item and everything below it, folders before what they hold.
    [[nodiscard]] std::vector<ItemPtr> subtree(const std::string& id) const;

    /// Trashed itself, or below a trashed folder.
    [[nodiscard]] bool trashed(const Item& item) const;
    /// Out of the account's sight, itself or through a folder above.
    [[nodiscard]] bool hidden(const Item& item) const;
    /// Others have access, to itself or to a folder above.
    [[nodiscard]] bool shared(const Item& item) const;
    /// "/folder/name" below My Drive or its shared drive.
    [[nodiscard]] std::string path(const Item& item) const;
    /// By such a path; null where there is none.
    [[nodiscard]] ItemPtr at_path(std::string_view path) const;
    [[nodiscard]] std::uint64_t size() const;

private:
    struct Placed {
        Block rule;
        std::unordered_set<std::uint32_t> gone;  ///< replaced by an item of its own, or deleted
    };

    [[nodiscard]] ItemPtr generate(std::uint32_t block, std::uint32_t index) const;
    [[nodiscard]] bool any_ancestor(const Item& item, bool Item::*flag) const;
    bool visit_block(std::uint32_t block, std::uint32_t from, std::uint64_t base,
                     const Visit& visit) const;

    std::unordered_map<std::string, ItemPtr> items_;
    std::map<std::uint64_t, std::string> order_;
    std::unordered_map<std::string, std::map<std::uint64_t, std::string>> children_;
    std::vector<Placed> blocks_;
    std::unordered_map<std::string, std::vector<std::uint32_t>> blocks_of_;
    std::uint64_t next_sequence_ = 1;
};

}  // namespace emulator
