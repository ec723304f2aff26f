#include "gds/state/store.h"
#include "item_flags.h"

#include <algorithm>

// What shortcuts lead to, and the chains of those that were followed.

namespace gds::state {

Result<Via> Store::chain(Via outer, ItemNo shortcut) {
    {
        Query query(db_, "SELECT n FROM via WHERE outer = ? AND shortcut = ?", outer, shortcut);
        const bool row = GDS_TRY(query.next());
        if (row) {
            return query.integer(0);
        }
    }
    GDS_CHECK(db_.run("INSERT INTO via(outer, shortcut) VALUES(?, ?)", outer, shortcut));
    return db_.last_rowid();
}

Result<std::vector<ItemNo>> Store::shortcuts(Via via) {
    std::vector<ItemNo> chain;
    while (via != 0) {
        Query query(db_, "SELECT outer, shortcut FROM via WHERE n = ?", via);
        const bool row = GDS_TRY(query.next());
        if (!row) {
            break;
        }
        chain.push_back(query.integer(1));
        via = query.integer(0);
    }
    std::reverse(chain.begin(), chain.end());
    return chain;
}

Result<std::vector<ItemNo>> Store::numbers(Query query) {
    std::vector<ItemNo> numbers;
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return numbers;
        }
        numbers.push_back(query.integer(0));
    }
}

Result<std::vector<ItemNo>> Store::targets() {
    return numbers(Query(db_,
                         "SELECT DISTINCT target FROM item WHERE target IS NOT NULL"
                         " AND kind <> 0 AND (flags & ?) = 0",
                         kTrashed | kAbsent));
}

Result<std::vector<ItemNo>> Store::folders_above_targets(ItemNo source) {
    return numbers(Query(db_,
                         "WITH RECURSIVE above(n) AS ("
                         " SELECT t.parent FROM item s JOIN item t ON t.n = s.target"
                         " WHERE s.target IS NOT NULL AND s.kind <> 0 AND (s.flags & ?2) = 0"
                         " AND t.kind <> 0 AND t.parent <> 0 AND t.n <> ?1"
                         " UNION SELECT i.parent FROM above JOIN item i ON i.n = above.n"
                         " WHERE i.kind <> 0 AND i.parent <> 0 AND i.n <> ?1)"
                         " SELECT n FROM above",
                         source, kTrashed | kAbsent));
}

}  // namespace gds::state
