#pragma once

#include "feed.h"
#include "switches.h"
#include "tree.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace emulator {

/// A shared drive; its root folder is the item of the same id.
struct SharedDrive {
    std::string id;
    std::string name;
};

/// The emulated account: who it is and how it is told of others.
struct Account {
    std::string email = "demo@example.com";
    std::string name = "Demo User";
    std::string permission_id = "05551212000000000001";
};

/// Tree and feed together: every change goes through here and leaves its feed entries. Readers hold
/// read(), whoever changes something holds write(); the methods do not lock themselves.
class Store {
public:
    explicit Store(const Switches& switches);

    [[nodiscard]] std::shared_lock<std::shared_mutex> read() const {
        return std::shared_lock(mutex_);
    }
    [[nodiscard]] std::unique_lock<std::shared_mutex> write() { return std::unique_lock(mutex_); }

    [[nodiscard]] const Tree& tree() const { return tree_; }
    [[nodiscard]] const Feed& feed() const { return feed_; }
    [[nodiscard]] const std::vector<SharedDrive>& drives() const { return drives_; }
    [[nodiscard]] const Account& account() const { return account_; }
    [[nodiscard]] const Switches& switches() const { return switches_; }

    /// The emulator's clock: the wall clock, moved by advance_clock().
    [[nodiscard]] std::int64_t now_ms() const;
    void advance_clock(std::int64_t ms) { clock_offset_ms_ += ms; }

    /// Fill the tree before anyone looks: no feed entry, no lag.
    ItemPtr load(Item item);
    void load_block(Block block) { tree_.add_block(std::move(block)); }
    void add_drive(SharedDrive drive);

    /// A new item. An empty id is made up; times of 0 become now.
    ItemPtr create(Item item);
    /// Change an item in place; false where there is no such item.
    bool change(const std::string& id, const std::function<void(Item&)>& edit);
    /// New bytes: new revision and modifiedTime.
    bool update_content(const std::string& id, ContentPtr content, std::int64_t modified_ms);
    bool move(const std::string& id, const std::string& parent);
    /// Delete for good, with everything below.
    bool remove(const std::string& id);
    /// Out of, or back into, the account's sight.
    bool set_revoked(const std::string& id, bool revoked);
    /// The same bytes lie elsewhere on disk now; no change as Drive sees it.
    void relocate(const std::string& id, ContentPtr content);
    /// Someone looked at it (feed-noise).
    void touch_viewed(const std::string& id);

private:
    void record(const ItemPtr& item, bool removed = false);
    void record_shortcuts_to(const std::string& id);
    void record_below(const std::string& id);

    const Switches& switches_;
    mutable std::shared_mutex mutex_;
    std::atomic<std::int64_t> clock_offset_ms_{0};
    std::uint64_t made_ids_ = 0;
    Tree tree_;
    Feed feed_;
    std::vector<SharedDrive> drives_;
    Account account_;
};

}  // namespace emulator
