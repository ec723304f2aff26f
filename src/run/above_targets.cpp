#include "above_targets.h"

namespace gds::run {

using state::ItemNo;
using state::Query;
using state::Store;

namespace {

constexpr const char* kFoldersAbove =
    "WITH RECURSIVE above(n) AS ("
    " SELECT t.parent FROM item s JOIN item t ON t.n = s.target"
    " WHERE t.kind <> 0 AND t.parent <> 0 AND t.n <> ?1"
    " UNION SELECT i.parent FROM above JOIN item i ON i.n = above.n"
    " WHERE i.kind <> 0 AND i.parent <> 0 AND i.n <> ?1)"
    " SELECT n FROM above";

/// One of our own lies in some folder, whatever Drive says.
Result<bool> some_target_hides_its_folder(Store& store, ItemNo source) {
    Query query(store.db(),
                "SELECT DISTINCT t.n FROM item s JOIN item t ON t.n = s.target"
                " WHERE t.kind <> 0 AND t.parent = 0 AND t.n <> ?",
                source);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        const auto target = row ? GDS_TRY(store.item(query.integer(0))) : std::nullopt;
        if (!row || (target && target->owned_by_me)) {
            return row;
        }
    }
}

}  // namespace

Result<AboveTargets> AboveTargets::read(Store& store, ItemNo source) {
    AboveTargets above;
    Query query(store.db(), kFoldersAbove, source);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            break;
        }
        const ItemNo folder = query.integer(0);
        const Store::Standing standing = GDS_TRY(store.standing(folder));
        above.folders_.add(folder);
        above.list_.push_back(folder);
        above.whole_ = above.whole_ && (standing.known || standing.absent);
    }
    above.whole_ = above.whole_ && !GDS_TRY(some_target_hides_its_folder(store, source));
    return above;
}

Result<std::vector<ItemAnswer>> ask_by_id(http::Engine& engine, drive::Api& api,
                                          const std::vector<drive::Ref>& refs) {
    std::vector<ItemAnswer> answers;
    std::optional<Error> fatal;
    for (const drive::Ref& ref : refs) {
        api.get(ref, [&answers, &fatal, ref](Result<model::Item> item) {
            const bool ends_run = !item && (item.error().code == Code::unauthenticated ||
                                            item.error().code == Code::cancelled);
            if (ends_run) {
                fatal = item.error();
            }
            answers.emplace_back(ref, std::move(item));
        });
    }
    engine.run();
    if (fatal) {
        return *fatal;
    }
    return answers;
}

Result<std::vector<drive::Ref>> lost_targets(Store& store) {
    std::vector<drive::Ref> lost;
    Query query(store.db(), "SELECT DISTINCT target FROM item WHERE target IS NOT NULL");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return lost;
        }
        const Store::Standing standing = GDS_TRY(store.standing(query.integer(0)));
        if (standing.absent) {
            const auto item = GDS_TRY(store.item(query.integer(0)));
            lost.push_back({GDS_TRY(store.id_of(query.integer(0))),
                            item ? item->resource_key : std::string()});
        }
    }
}

}  // namespace gds::run
