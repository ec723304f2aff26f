#pragma once

#include "gds/base/result.h"
#include "gds/run/settings.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"
#include "snapshot.h"
#include "work_tables.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gds::run {

/// Fills the table `wanted`: the local tree that the remote snapshot asks for. Follows shortcuts,
/// gives documents their export extension, applies the filter (to plain names, so that a
/// duplicate's suffix changes no verdict), and settles names that meet. Tells the snapshot what it
/// comes upon, which may have to be listed before the tree is whole.
class Projection {
public:
    Projection(state::Store& store, const tree::Filter& filter,
               const std::vector<std::string>& export_formats, Snapshot& snapshot);

    Status build(state::ItemNo root);

    /// Files that can be mirrored; none makes the source empty.
    [[nodiscard]] std::int64_t files() const { return files_; }

private:
    struct Folder {
        WantedNo n = 0;
        state::ItemNo item = 0;
        state::Via via = 0;
        int depth = 0;
        std::string path;
        state::EntryNo entry = 0;
        bool at_rest = true;  ///< as the root is
    };
    struct Child {
        state::ItemNo number = 0;
        model::Item item;
    };
    struct Row {
        state::ItemNo item = 0;
        state::Via via = 0;
        std::string name;
        bool folder = false;
        bool claims = true;
        std::string skip;
        bool follows = false;
        state::EntryNo entry = 0;
        Rest rest = Rest::none;
    };

    Status expand(const Folder& folder);
    Status add(const Folder& parent, const Child& child);
    Status add_shortcut(const Folder& parent, const Child& child);
    /// A row for `child`, which shows `item`: itself, or what it is a shortcut to.
    Status place(const Folder& parent, const Child& child, const model::Item& item, Row row);
    bool first_visit(const Row& row);
    Status insert(const Folder& parent, const Row& row);
    /// Notes where the record says that the volume holds the row already.
    Status recognize(const Folder& parent, const model::Item& item, Row& row);
    Result<std::string> loop_problem(const Folder& parent, state::ItemNo target);
    Result<bool> is_above_root(state::ItemNo folder);
    Result<Folder> next_folder(WantedNo after);
    Result<std::string> path_of(WantedNo wanted);
    Status settle_names();
    /// Names in one folder that more than one item claims.
    Status find_meetings();
    Status rename(WantedNo wanted, const std::string& name);
    Status settle_group(WantedNo parent, const std::string& name);

    state::Store& store_;
    const tree::Filter& filter_;
    const std::vector<std::string>& export_formats_;
    Snapshot& snapshot_;
    state::ItemNo root_ = 0;
    std::int64_t files_ = 0;
    std::map<state::ItemNo, int> expansions_;  ///< of folders reached through shortcuts
    std::set<std::pair<state::ItemNo, state::Via>> linked_;  ///< the same, each with its chain
    std::vector<std::size_t> names_;  ///< hashes of those claimed in the folder at hand
    bool may_meet_ = false;           ///< two of one folder had the same hash
    /// Folder and name of what has to be settled.
    std::set<std::pair<WantedNo, std::string>> groups_;
};

/// The extension that a document is exported with, "" for everything else.
std::string export_extension(const model::Item& item, const std::vector<std::string>& formats);

}  // namespace gds::run
