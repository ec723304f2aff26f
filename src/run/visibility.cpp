#include "visibility.h"

#include "gds/base/text.h"
#include "gds/tree/names.h"
#include "scan.h"

#include <string>
#include <utility>
#include <vector>

namespace gds::run {

namespace {

using state::EntryNo;
using state::ItemNo;
using state::Query;
using state::Via;

struct Folder {
    EntryNo entry = 0;
    ItemNo item = 0;  ///< 0 for the root, as in `hidden`
    Via via = 0;
    std::string path;
};

class Judge {
public:
    Judge(state::Store& store, const tree::Filter& filter) : store_(store), filter_(filter) {}

    Status run() {
        open_.emplace_back();
        while (!open_.empty()) {
            const Folder folder = std::move(open_.back());
            open_.pop_back();
            GDS_CHECK(judge(folder));
        }
        return {};
    }

private:
    Status judge(const Folder& folder) {
        Query query(store_.db(),
                    "SELECT n, name, folder, size, item, via FROM entry WHERE parent = ?",
                    folder.entry);
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                return {};
            }
            const std::string name = query.text(1);
            std::string path = join_path(folder.path, name);
            const bool is_folder = query.integer(2) != 0;
            const bool included = is_folder ? filter_.includes_dir(path)
                                            : filter_.includes_file(path, query.integer(3));
            if (!included ||
                GDS_TRY(is_left_out(folder, query.integer(4), query.integer(5), name))) {
                GDS_CHECK(hide(query.integer(0)));
            } else if (is_folder) {
                open_.push_back(
                    {query.integer(0), query.integer(4), query.integer(5), std::move(path)});
            }
        }
    }

    /// The item, in this very folder, and under the name that it would have here, unless something
    /// that is taken asks for that path.
    Result<bool> is_left_out(const Folder& folder, ItemNo item, Via via, const std::string& name) {
        Query query(store_.db(),
                    "SELECT name, wanted_parent FROM hidden WHERE item = ? AND via = ?"
                    " AND parent = ? AND parent_via = ?",
                    item, via, folder.item, folder.via);
        const bool row = GDS_TRY(query.next());
        return row && tree::may_become(query.text(0), GDS_TRY(store_.id_of(item)), name) &&
               !GDS_TRY(is_asked_for(store_, query.integer(1), name));
    }

    Status hide(EntryNo entry) {
        return store_.db().run(
            "INSERT OR IGNORE INTO invisible(entry) WITH RECURSIVE below(n) AS (VALUES(?)"
            " UNION ALL SELECT e.n FROM entry e JOIN below b ON e.parent = b.n)"
            " SELECT n FROM below",
            entry);
    }

    state::Store& store_;
    const tree::Filter& filter_;
    std::vector<Folder> open_;
};

Result<std::int64_t> count(state::Store& store, const char* sql) {
    Query query(store.db(), sql);
    GDS_CHECK(query.next());
    return query.integer(0);
}

}  // namespace

Status find_invisible(state::Store& store, const tree::Filter& filter) {
    // One transaction saves each look-up its own.
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store.db()));
    GDS_CHECK(store.db().execute("DELETE FROM invisible"));
    if (!filter.empty()) {
        GDS_CHECK(index_wanted(store.db(), WantedBy::place_and_name));
        GDS_CHECK(Judge(store, filter).run());
    }
    return transaction.commit();
}

Status hold_invisible(state::Store& store) {
    Query query(store.db(),
                "SELECT DISTINCT e.parent FROM invisible i JOIN entry e ON e.n = i.entry"
                " WHERE e.parent NOT IN (SELECT entry FROM invisible)");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        GDS_CHECK(hold_place(store, query.integer(0)));
    }
}

Result<std::int64_t> count_invisible(state::Store& store) {
    return count(store, "SELECT count(*) FROM invisible");
}

Result<std::int64_t> count_invisible_files(state::Store& store) {
    return count(store,
                 "SELECT count(*) FROM invisible i JOIN entry e ON e.n = i.entry"
                 " WHERE e.folder = 0");
}

Result<bool> is_invisible(state::Store& store, EntryNo entry) {
    Query query(store.db(), "SELECT 1 FROM invisible WHERE entry = ?", entry);
    return query.next();
}

Result<bool> is_asked_for(state::Store& store, WantedNo parent, const std::string& name) {
    Query query(store.db(), "SELECT 1 FROM wanted WHERE parent = ? AND name = ? AND skip IS NULL",
                parent, name);
    return query.next();
}

}  // namespace gds::run
