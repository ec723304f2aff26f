#pragma once

#include "gds/base/result.h"
#include "gds/drive/lister.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
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
    [[nodiscard]] bool has(std::int64_t n) const {
        const auto index = static_cast<std::size_t>(n);
        return index < bits_.size() && bits_[index];
    }

private:
    std::vector<bool> bits_;
};

/// A full listing streamed into the remote snapshot, page by page: the source's folders, what
/// shortcuts lead to, and which items it showed.
class Snapshot : public drive::ListingObserver {
public:
    Snapshot(state::Store& store, http::Engine& engine, drive::Api& api, const tree::Filter& filter,
             std::function<void(std::int64_t items)> progress);

    /// List everything below `root`; `flat` lists the whole corpus in one sequence instead, which
    /// costs fewest requests where the root is a whole shared drive: pages are filled across
    /// folders, while one parent a query costs a request for each folder, however small.
    Result<drive::ListingResult> list(const model::Item& root, bool flat);

    /// The listing showed this item.
    [[nodiscard]] bool saw(state::ItemNo item) const { return seen_.has(item); }
    /// The listing of this folder was read to its last page.
    [[nodiscard]] bool listed(state::ItemNo folder) const {
        return everything_listed_ || listed_.has(folder);
    }

    Status items(const std::string& folder, const std::vector<model::Item>& page) override;
    Status folder_complete(const std::string& folder) override;
    Status item(const drive::Ref& ref, const Result<model::Item>& result) override;

private:
    Status record(const model::Item& item);
    /// A folder's path for the filter; nullopt where it is reached by a shortcut, so that no path
    /// of its own can rule it out.
    using FilterPath = std::optional<std::string>;
    void descend(const model::Item& folder, const FilterPath& parent);
    Status list_targets(drive::ListingResult& result);
    /// Queue the folders that shortcuts lead to, but for those that hold the root themselves.
    Status descend_linked(const model::Item& root);
    /// Record the folders above the root, so that a shortcut to one of them is known as a loop.
    Status record_ancestors(const model::Item& root);

    state::Store& store_;
    drive::Api& api_;
    const tree::Filter& filter_;
    drive::Lister lister_;
    std::function<void(std::int64_t)> progress_;
    NumberSet seen_;
    NumberSet listed_;
    bool flat_ = false;
    bool everything_listed_ = false;
    std::int64_t count_ = 0;
    std::map<std::string, FilterPath> paths_;         ///< of folders, where there is a filter
    std::map<std::string, drive::Ref> targets_;       ///< of shortcuts, not yet looked at
    std::vector<model::Item> linked_folders_;         ///< what they led to, not yet listed
    std::optional<std::set<std::string>> ancestors_;  ///< of the root; known once needed
};

}  // namespace gds::run
