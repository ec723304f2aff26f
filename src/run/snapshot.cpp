#include "snapshot.h"

#include "gds/tree/names.h"

#include <utility>

namespace gds::run {

using model::ItemKind;

Snapshot::Snapshot(state::Store& store, http::Engine& engine, drive::Api& api,
                   const tree::Filter& filter, std::function<void(std::int64_t)> progress)
    : store_(store),
      api_(api),
      filter_(filter),
      lister_(engine, api, *this),
      progress_(std::move(progress)) {}

Result<drive::ListingResult> Snapshot::list(const model::Item& root, bool flat) {
    flat_ = flat;
    {
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        GDS_CHECK(record(root));
        GDS_CHECK(transaction.commit());
    }
    if (flat) {
        lister_.want_all();
    } else {
        if (!filter_.empty()) {
            paths_[root.id] = "";
        }
        lister_.want_folder(drive::ref_of(root));
    }
    drive::ListingResult result = GDS_TRY(lister_.run());
    do {
        // What a shortcut leads to may hold shortcuts of its own.
        GDS_CHECK(descend_linked(root));
        GDS_CHECK(list_targets(result));
    } while (!targets_.empty() || !linked_folders_.empty());
    everything_listed_ = flat && result.complete.has_value();
    return result;
}

Status Snapshot::list_targets(drive::ListingResult& result) {
    // Targets that the source itself shows cost nothing; only the others are asked for.
    for (const auto& [id, ref] : std::exchange(targets_, {})) {
        const state::ItemNo n = GDS_TRY(store_.intern(id));
        if (!seen_.has(n)) {
            lister_.want_item(ref);
        }
    }
    drive::ListingResult more = GDS_TRY(lister_.run());
    result.doubts.insert(result.doubts.end(), more.doubts.begin(), more.doubts.end());
    result.complete = result.complete && more.complete ? more.complete : std::nullopt;
    return {};
}

Status Snapshot::descend_linked(const model::Item& root) {
    const std::vector<model::Item> folders = std::exchange(linked_folders_, {});
    if (!folders.empty() && !ancestors_) {
        GDS_CHECK(record_ancestors(root));
    }
    const bool was_flat = std::exchange(flat_, false);
    for (const model::Item& folder : folders) {
        if (ancestors_->count(folder.id) == 0) {
            descend(folder, std::nullopt);
        }
    }
    flat_ = was_flat;
    return {};
}

Status Snapshot::record_ancestors(const model::Item& root) {
    static constexpr std::size_t kMaxDepth = 200;
    ancestors_.emplace();
    std::string above = root.parent;
    while (!above.empty() && ancestors_->insert(above).second && ancestors_->size() < kMaxDepth) {
        const Result<model::Item> folder = api_.get({above});
        if (!folder) {
            // Out of this account's sight, and so are the folders above it.
            const bool hidden = folder.error().code == Code::not_found ||
                                folder.error().code == Code::permission_denied;
            return hidden ? Status() : folder.error();
        }
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        GDS_CHECK(record(*folder));
        GDS_CHECK(transaction.commit());
        above = folder->parent;
    }
    return {};
}

Status Snapshot::record(const model::Item& item) {
    const state::ItemNo n = GDS_TRY(store_.upsert(item));
    seen_.add(n);
    ++count_;
    return {};
}

void Snapshot::descend(const model::Item& folder, const FilterPath& parent) {
    if (flat_) {
        return;
    }
    if (!filter_.empty()) {
        FilterPath path;
        if (parent) {
            const std::string name = tree::shorten_name(tree::encode_name(folder.name), folder.id);
            path = join_path(*parent, name);
            if (!filter_.includes_dir(*path)) {
                return;
            }
        }
        paths_[folder.id] = path;
    }
    lister_.want_folder(drive::ref_of(folder));
}

Status Snapshot::items(const std::string& folder, const std::vector<model::Item>& page) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    const auto known = paths_.find(folder);
    const FilterPath path = known == paths_.end() ? std::nullopt : known->second;
    for (const model::Item& item : page) {
        GDS_CHECK(record(item));
        if (item.kind == ItemKind::folder) {
            descend(item, path);
        } else if (item.kind == ItemKind::shortcut && !item.target_id.empty()) {
            targets_[item.target_id] = drive::target_of(item);
        }
    }
    GDS_CHECK(transaction.commit());
    if (progress_) {
        progress_(count_);
    }
    return {};
}

Status Snapshot::folder_complete(const std::string& folder) {
    if (!folder.empty()) {
        const state::ItemNo n = GDS_TRY(store_.intern(folder));
        listed_.add(n);
    }
    return {};
}

Status Snapshot::item(const drive::Ref& ref, const Result<model::Item>& result) {
    if (!result || result->trashed) {
        return {};
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    model::Item item = *result;
    if (item.resource_key.empty()) {
        item.resource_key = ref.resource_key;
    }
    GDS_CHECK(record(item));
    GDS_CHECK(transaction.commit());
    if (item.kind == ItemKind::folder) {
        linked_folders_.push_back(std::move(item));
    }
    return {};
}

}  // namespace gds::run
