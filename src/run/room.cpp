#include "room.h"

#include "content.h"
#include "fetch.h"
#include "gds/transfer/downloads.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::run {

using model::ActionKind;
using model::ActionOutcome;
using state::Query;

Result<std::int64_t> bytes_to_fetch(state::Store& store) {
    Query query(store.db(),
                "SELECT coalesce(sum(size), 0) FROM action WHERE kind IN (?, ?) AND outcome = ?",
                static_cast<std::int64_t>(ActionKind::download),
                static_cast<std::int64_t>(ActionKind::update),
                static_cast<std::int64_t>(ActionOutcome::planned));
    GDS_CHECK(query.next());
    return query.integer(0);
}

Result<std::int64_t> keep_useful_partials(state::Store& store, const volume::Volume& volume) {
    auto partials = GDS_TRY(transfer::partials(volume));
    if (partials.empty()) {
        return 0;
    }
    static const std::string sql = fmt::format(
        "SELECT {} FROM action a JOIN wanted w ON w.n = a.wanted JOIN item i ON i.n = w.item"
        " WHERE a.kind IN (?, ?) AND a.outcome = ? AND a.size > 0",
        state::kItemColumns);
    std::int64_t taken = 0;
    Query query(store.db(), sql.c_str(), static_cast<std::int64_t>(ActionKind::download),
                static_cast<std::int64_t>(ActionKind::update),
                static_cast<std::int64_t>(ActionOutcome::planned));
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            break;
        }
        const model::Item item = state::item_in(query, 0);
        const auto digest = cheapest_digest(item);
        const auto found =
            digest ? partials.find(resume_key(item.id, digest->bytes.bytes())) : partials.end();
        if (found != partials.end()) {
            taken += std::min(found->second, item.size.value_or(0));
            partials.erase(found);
        }
    }
    for (const auto& [key, bytes] : partials) {
        GDS_CHECK(transfer::remove_partial(volume, key));
    }
    return taken;
}

}  // namespace gds::run
