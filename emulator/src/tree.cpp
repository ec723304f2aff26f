#include "tree.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

namespace emulator {
namespace {

// A position below kGenerated is the sequence number of an item of its own; above, it counts
// generated files: the block in the upper bits, the index in the lower 32.
constexpr std::uint64_t kGenerated = 1ULL << 62U;

constexpr std::string_view kIdPrefix = "1Gen";
constexpr std::string_view kIdSuffix = "emulatedfile";

struct Place {
    std::uint32_t block = 0;
    std::uint32_t index = 0;
};

std::string generated_id(Place place) {
    std::array<char, 64> out{};
    const int length = std::snprintf(out.data(), out.size(), "%s%08xn%08x%s", kIdPrefix.data(),
                                     place.block, place.index, kIdSuffix.data());
    return {out.data(), static_cast<std::size_t>(length)};
}

std::optional<Place> parse_generated_id(std::string_view id) {
    if (id.size() != 33 || !id.starts_with(kIdPrefix) || !id.ends_with(kIdSuffix)) {
        return std::nullopt;
    }
    Place place;
    const auto block = std::from_chars(id.data() + 4, id.data() + 12, place.block, 16);
    const auto index = std::from_chars(id.data() + 13, id.data() + 21, place.index, 16);
    if (block.ptr != id.data() + 12 || index.ptr != id.data() + 21) {
        return std::nullopt;
    }
    return place;
}

Item root_item(std::int64_t now_ms) {
    Item root;
    root.id = kRootId;
    root.name = "My Drive";
    root.mime_type = kFolder;
    root.created_ms = root.modified_ms = now_ms;
    return root;
}

}  // namespace

Tree::Tree(std::int64_t now_ms) {
    put(root_item(now_ms));
}

ItemPtr Tree::find(std::string_view id) const {
    const std::string key(id == "root" ? kRootId : id);
    if (const auto found = items_.find(key); found != items_.end()) {
        return found->second;
    }
    const auto place = parse_generated_id(id);
    if (!place || place->block >= blocks_.size()) {
        return nullptr;
    }
    const Placed& block = blocks_[place->block];
    const bool there = place->index < block.rule.count && !block.gone.contains(place->index);
    return there ? generate(place->block, place->index) : nullptr;
}

ItemPtr Tree::put(Item item) {
    const ItemPtr old = find(item.id);
    if (old && old->sequence != 0) {
        item.sequence = old->sequence;
        children_[old->parent].erase(old->sequence);
    } else {
        if (const auto place = old ? parse_generated_id(item.id) : std::nullopt) {
            blocks_[place->block].gone.insert(place->index);
        }
        item.sequence = next_sequence_++;
    }
    order_[item.sequence] = item.id;
    if (!item.parent.empty()) {
        children_[item.parent][item.sequence] = item.id;
    }
    auto stored = std::make_shared<const Item>(std::move(item));
    items_[stored->id] = stored;
    return stored;
}

void Tree::erase(const std::string& id) {
    const ItemPtr old = find(id);
    if (!old) {
        return;
    }
    if (old->sequence == 0) {
        const auto place = parse_generated_id(id);
        blocks_[place->block].gone.insert(place->index);
        return;
    }
    children_[old->parent].erase(old->sequence);
    order_.erase(old->sequence);
    items_.erase(id);
}

void Tree::add_block(Block block) {
    if (block.sizes.empty()) {
        block.sizes.push_back(0);
    }
    blocks_of_[block.parent].push_back(static_cast<std::uint32_t>(blocks_.size()));
    Placed placed;
    placed.rule = std::move(block);
    blocks_.push_back(std::move(placed));
}

ItemPtr Tree::generate(std::uint32_t block, std::uint32_t index) const {
    const Block& rule = blocks_[block].rule;
    const std::uint32_t variant = rule.distinct == 0 ? index : index % rule.distinct;
    Item item;
    item.id = generated_id({block, index});
    std::array<char, 16> number{};
    const int length = std::snprintf(number.data(), number.size(), "%06u", index);
    item.name = rule.prefix;
    item.name.append(number.data(), static_cast<std::size_t>(length)).append(rule.suffix);
    item.mime_type = rule.mime_type;
    item.parent = rule.parent;
    item.created_ms = item.modified_ms = rule.modified_ms;
    // With few distinct contents, equal ones must agree across blocks too.
    const std::uint64_t salt = rule.distinct == 0 ? mix(block + 1) : 0;
    item.content =
        make_pattern(mix(rule.seed ^ salt) + variant, rule.sizes[variant % rule.sizes.size()]);
    return std::make_shared<const Item>(std::move(item));
}

bool Tree::visit_block(std::uint32_t block, std::uint32_t from, std::uint64_t base,
                       const Visit& visit) const {
    const Placed& placed = blocks_[block];
    for (std::uint32_t index = from; index < placed.rule.count; ++index) {
        if (!placed.gone.contains(index) &&
            !visit(generate(block, index), kGenerated + (base << 32U) + index + 1)) {
            return false;
        }
    }
    return true;
}

void Tree::children(std::string_view parent, std::uint64_t position, const Visit& visit) const {
    const std::string key(parent == "root" ? kRootId : parent);
    if (const auto found = children_.find(key); position < kGenerated && found != children_.end()) {
        for (auto at = found->second.lower_bound(position); at != found->second.end(); ++at) {
            if (!visit(items_.at(at->second), at->first + 1)) {
                return;
            }
        }
    }
    const auto blocks = blocks_of_.find(key);
    if (blocks == blocks_of_.end()) {
        return;
    }
    const std::uint64_t generated = position < kGenerated ? 0 : position - kGenerated;
    for (std::uint64_t at = generated >> 32U; at < blocks->second.size(); ++at) {
        const auto from =
            at == generated >> 32U ? static_cast<std::uint32_t>(generated & 0xffffffffU) : 0;
        if (!visit_block(blocks->second[at], from, at, visit)) {
            return;
        }
    }
}

void Tree::all(std::uint64_t position, const Visit& visit) const {
    if (position < kGenerated) {
        for (auto at = order_.lower_bound(position); at != order_.end(); ++at) {
            if (!visit(items_.at(at->second), at->first + 1)) {
                return;
            }
        }
    }
    const std::uint64_t generated = position < kGenerated ? 0 : position - kGenerated;
    for (std::uint64_t at = generated >> 32U; at < blocks_.size(); ++at) {
        const auto from =
            at == generated >> 32U ? static_cast<std::uint32_t>(generated & 0xffffffffU) : 0;
        if (!visit_block(static_cast<std::uint32_t>(at), from, at, visit)) {
            return;
        }
    }
}

std::vector<ItemPtr> Tree::subtree(const std::string& id) const {
    std::vector<ItemPtr> out;
    if (const ItemPtr top = find(id)) {
        out.push_back(top);
    }
    std::unordered_set<std::string> seen{id};
    for (std::size_t at = 0; at < out.size(); ++at) {
        const std::string parent = out[at]->id;
        if (out[at]->is_folder()) {
            children(parent, 0, [&](const ItemPtr& child, std::uint64_t) {
                if (seen.insert(child->id).second) {  // a loop of parents would never end
                    out.push_back(child);
                }
                return true;
            });
        }
    }
    return out;
}

bool Tree::any_ancestor(const Item& item, bool Item::*flag) const {
    if (item.*flag) {
        return true;
    }
    auto at = items_.find(item.parent);
    for (int depth = 0; depth < kMaxDepth && at != items_.end(); ++depth) {
        if ((*at->second).*flag) {
            return true;
        }
        at = items_.find(at->second->parent);
    }
    return false;
}

bool Tree::trashed(const Item& item) const {
    return any_ancestor(item, &Item::trashed);
}

bool Tree::hidden(const Item& item) const {
    return any_ancestor(item, &Item::revoked);
}

bool Tree::shared(const Item& item) const {
    return any_ancestor(item, &Item::shared);
}

std::string Tree::path(const Item& item) const {
    std::string out = "/" + item.name;
    auto at = items_.find(item.parent);
    for (int depth = 0; depth < kMaxDepth && at != items_.end(); ++depth) {
        if (at->second->parent.empty()) {
            return out;
        }
        out.insert(0, "/" + at->second->name);
        at = items_.find(at->second->parent);
    }
    return out;
}

ItemPtr Tree::at_path(std::string_view path) const {
    ItemPtr at = find(kRootId);
    while (at && !path.empty()) {
        const auto slash = path.find('/');
        const std::string_view name = path.substr(0, slash);
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
        if (name.empty()) {
            continue;
        }
        ItemPtr next;
        children(at->id, 0, [&](const ItemPtr& child, std::uint64_t) {
            if (child->name == name && !child->trashed) {
                next = child;
            }
            return next == nullptr;
        });
        at = next;
    }
    return at;
}

std::uint64_t Tree::size() const {
    std::uint64_t count = items_.size();
    for (const Placed& block : blocks_) {
        count += block.rule.count - block.gone.size();
    }
    return count;
}

}  // namespace emulator
