#include "above_targets.h"

#include <optional>

namespace gds::run {

using state::ItemNo;
using state::Store;

namespace {

/// One of our own lies in some folder, whatever Drive says.
Result<bool> hides_its_folder(Store& store, ItemNo target) {
    const Store::Standing standing = GDS_TRY(store.standing(target));
    if (!standing.known || standing.parent != 0) {
        return false;
    }
    const auto item = GDS_TRY(store.item(target));
    return item && item->owned_by_me;
}

}  // namespace

Result<NumberSet> source_and_above(Store& store, ItemNo source) {
    NumberSet folders;
    for (ItemNo at = source; at != 0 && !folders.has(at);) {
        folders.add(at);
        at = GDS_TRY(store.standing(at)).parent;
    }
    return folders;
}

Result<AboveTargets> AboveTargets::read(Store& store, ItemNo source) {
    AboveTargets above;
    above.list_ = GDS_TRY(store.folders_above_targets(source));
    for (const ItemNo folder : above.list_) {
        const Store::Standing standing = GDS_TRY(store.standing(folder));
        above.folders_.add(folder);
        above.whole_ = above.whole_ && (standing.known || standing.absent);
    }
    const NumberSet loops = GDS_TRY(source_and_above(store, source));
    for (const ItemNo target : GDS_TRY(store.targets())) {
        above.whole_ =
            above.whole_ && (loops.has(target) || !GDS_TRY(hides_its_folder(store, target)));
    }
    return above;
}

Result<std::vector<ItemAnswer>> ask_by_id(http::Engine& engine, drive::Api& api,
                                          const std::vector<drive::Ref>& refs) {
    std::vector<ItemAnswer> answers;
    std::optional<Error> fatal;
    for (const drive::Ref& ref : refs) {
        api.get(ref, [&answers, &fatal, ref](Result<model::Item> item) {
            if (!item && drive::ends_run(item.error())) {
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
    for (const ItemNo target : GDS_TRY(store.targets())) {
        const Store::Standing standing = GDS_TRY(store.standing(target));
        if (standing.absent && !standing.trashed) {
            const auto item = GDS_TRY(store.item(target));
            lost.push_back(
                {GDS_TRY(store.id_of(target)), item ? item->resource_key : std::string()});
        }
    }
    return lost;
}

}  // namespace gds::run
