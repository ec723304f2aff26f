#include "planning.h"

#include "content.h"
#include "fetch.h"
#include "gds/base/text.h"
#include "gds/plan/decide.h"
#include "gds/plan/guards.h"
#include "projection.h"

#include <fmt/core.h>

namespace gds::run {

using model::Action;
using model::ActionKind;
using model::ActionOutcome;
using state::Query;

Planning::Planning(state::Store& store, PlanningOptions options)
    : store_(store), options_(std::move(options)) {}

Status Planning::run() {
    // Nothing in here changes the database; one transaction saves each look-up its own.
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    GDS_CHECK(plan());
    return transaction.commit();
}

Status Planning::plan() {
    const bool recorded = GDS_TRY(any(store_.db(), "SELECT 1 FROM entry"));
    if (recorded) {
        GDS_CHECK(index_wanted(store_.db(), WantedBy::entry));
    }
    GDS_CHECK(skips());
    GDS_CHECK(folders());
    if (!options_.in_doubt) {
        GDS_CHECK(renames());
    }
    GDS_CHECK(downloads());
    if (options_.in_doubt) {
        return {};
    }
    unchanged_ += GDS_TRY(count_current());
    GDS_CHECK(hold_kept_strays());
    GDS_CHECK(deletes());
    GDS_CHECK(stray_deletes());
    return empty_folders();
}

Status Planning::add(const Action& action, WantedNo wanted, state::EntryNo entry, StrayNo stray,
                     const std::string& checksum) {
    return store_.db().run(
        "INSERT INTO action(kind, path, source, size, reason, id, outcome, error, wanted, entry,"
        " stray, checksum) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        static_cast<std::int64_t>(action.kind), action.path, action.from, action.size,
        action.reason, action.id, static_cast<std::int64_t>(action.outcome), action.error, wanted,
        entry, stray, checksum);
}

Result<Planning::Location> Planning::location(WantedNo wanted) {
    if (wanted == cached_wanted_) {
        return cached_;
    }
    Location location;
    if (wanted == 0) {
        location.place = 0;
    } else {
        Query query(store_.db(), "SELECT parent, name, entry, item FROM wanted WHERE n = ?",
                    wanted);
        GDS_CHECK(query.next());
        const Location above = GDS_TRY(this->location(query.integer(0)));
        location.path = join_path(above.path, query.text(1));
        location.place = query.integer(2) == 0 ? -1 : query.integer(2);
        location.item = query.integer(3);
    }
    cached_wanted_ = wanted;
    cached_ = location;
    return location;
}

Result<std::string> Planning::wanted_path(const Row& row) {
    const Location above = GDS_TRY(location(row.parent));
    return join_path(above.path, row.name);
}

Planning::Row Planning::row_of(const Query& query) {
    Row row;
    row.n = query.integer(0);
    row.parent = query.integer(1);
    row.item = query.integer(2);
    row.via = query.integer(3);
    row.name = query.text(4);
    row.entry = query.integer(5);
    return row;
}

Status Planning::for_each_wanted(bool folder, Which which,
                                 const std::function<Status(const Row&)>& each) {
    Query query(store_.db(),
                "SELECT n, parent, item, via, name, entry FROM wanted"
                " WHERE folder = ? AND rest = ? AND (skip IS NULL OR ? AND follows AND entry <> 0)"
                " ORDER BY n",
                folder, static_cast<std::int64_t>(Rest::none), which == Which::moving);
    for (;;) {
        const bool found = GDS_TRY(query.next());
        if (!found) {
            return {};
        }
        GDS_CHECK(each(row_of(query)));
    }
}

Status Planning::for_each_file(const std::function<Status(const Row&, const model::Item&)>& each) {
    static const std::string sql = fmt::format(
        "SELECT w.n, w.parent, w.item, w.via, w.name, w.entry, {} FROM wanted w"
        " LEFT JOIN item i ON i.n = w.item"
        " WHERE w.folder = 0 AND w.skip IS NULL AND (w.rest <> ? OR ?) ORDER BY w.n",
        state::kItemColumns);
    // In doubt, files are only looked at in folders that were listed, and counted there too.
    Query query(store_.db(), sql.c_str(), static_cast<std::int64_t>(Rest::current),
                options_.in_doubt);
    for (;;) {
        const bool found = GDS_TRY(query.next());
        if (!found) {
            return {};
        }
        const model::Item item = state::item_in(query, 6);
        if (item.id.empty()) {
            return error(Code::internal, "a wanted row without its item");
        }
        GDS_CHECK(each(row_of(query), item));
    }
}

Result<std::string> Planning::drift_of(state::EntryNo entry) {
    Query query(store_.db(), "SELECT what FROM drift WHERE entry = ?", entry);
    const bool row = GDS_TRY(query.next());
    return row ? query.text(0) : std::string();
}

Result<bool> Planning::moved(const Row& row, std::string& from) {
    const auto entry = GDS_TRY(store_.entry(row.entry));
    const Location above = GDS_TRY(location(row.parent));
    if (!entry || (entry->parent == above.place && entry->name == row.name)) {
        return false;
    }
    from = GDS_TRY(store_.path_of(row.entry));
    return true;
}

Status Planning::skips() {
    Query query(
        store_.db(),
        "SELECT w.parent, w.name, w.skip, i.id, w.n FROM wanted w JOIN item i ON i.n = w.item"
        " WHERE w.skip IS NOT NULL ORDER BY w.n");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        Action action;
        const Location above = GDS_TRY(location(query.integer(0)));
        action.path = join_path(above.path, query.text(1));
        action.reason = query.text(2);
        action.id = query.text(3);
        action.outcome = ActionOutcome::skipped;
        GDS_CHECK(add(action, 0, 0, 0));
    }
}

Status Planning::folders() {
    return for_each_wanted(true, Which::mirrored, [&](const Row& row) -> Status {
        const std::string drift = row.entry == 0 ? "" : GDS_TRY(drift_of(row.entry));
        if (row.entry != 0 && drift != "missing") {
            return {};
        }
        Action action;
        action.kind = ActionKind::mkdir;
        action.path = GDS_TRY(wanted_path(row));
        action.reason = row.entry == 0 ? "new" : "missing";
        action.id = GDS_TRY(store_.id_of(row.item));
        return add(action, row.n, row.entry, 0);
    });
}

Status Planning::renames() {
    for (const bool folder : {true, false}) {
        GDS_CHECK(for_each_wanted(folder, Which::moving, [&](const Row& row) -> Status {
            Action action;
            const bool has_moved = row.entry != 0 && GDS_TRY(moved(row, action.from));
            if (!has_moved || GDS_TRY(drift_of(row.entry)) == "missing") {
                return {};
            }
            action.kind = ActionKind::rename;
            action.path = GDS_TRY(wanted_path(row));
            action.reason = "moved";
            action.id = GDS_TRY(store_.id_of(row.item));
            return add(action, row.n, row.entry, 0);
        }));
    }
    return {};
}

Status Planning::downloads() {
    return for_each_file([&](const Row& row, const model::Item& item) -> Status {
        const Location above = GDS_TRY(location(row.parent));
        if (options_.in_doubt && !GDS_TRY(options_.listed(above.item))) {
            return {};
        }
        return download(row, item);
    });
}

Result<std::int64_t> Planning::count_current() {
    Query query(store_.db(), "SELECT count(*) FROM wanted WHERE folder = 0 AND rest = ?",
                static_cast<std::int64_t>(Rest::current));
    GDS_CHECK(query.next());
    return query.integer(0);
}

Status Planning::download(const Row& row, const model::Item& item) {
    const auto entry = GDS_TRY(store_.entry(row.entry));
    const std::string extension = export_extension(item, options_.export_formats);
    plan::FileCase file;
    file.was_recorded = entry.has_value();
    if (entry) {
        const std::string drift = GDS_TRY(drift_of(entry->n));
        file.held = drift == "missing"   ? plan::Held::nothing
                    : drift == "changed" ? plan::Held::edited
                    : drift == "mtime"   ? plan::Held::touched
                                         : plan::Held::as_recorded;
        file.same_content = is_content(item, extension, entry->content);
        file.same_time = entry->modified_ms == item.modified_ms;
    }
    const auto transfer = plan::decide(file);
    if (!transfer) {
        const Location above = GDS_TRY(location(row.parent));
        // One that is renamed has an action, and is counted there.
        unchanged_ += entry->parent == above.place && entry->name == row.name ? 1 : 0;
        return {};
    }
    Action action;
    action.kind = transfer->kind;
    action.path = GDS_TRY(wanted_path(row));
    const bool fetched = transfer->reason != "mtime" && item.kind == model::ItemKind::file;
    action.size = fetched ? item.size.value_or(0) : 0;
    action.reason = transfer->reason;
    action.id = item.id;
    const auto parked = GDS_TRY(store_.parked(row.item, row.via));
    if (parked && !options_.retry_parked && parked->next_try_ms > options_.now_ms &&
        parked->content == content_key(item, extension)) {
        action.outcome = ActionOutcome::skipped;
        if (parked->reason == kRefused) {
            action.kind = ActionKind::skip;
            action.reason = parked->detail;
            return add(action, row.n, 0, 0);
        }
        action.error = parked->reason + ": " + parked->detail + "; next try after " +
                       format_rfc3339(parked->next_try_ms, true);
    }
    return add(action, row.n, row.entry, 0);
}

Result<model::Counts> count_actions(state::Store& store, Counted which) {
    model::Counts counts;
    Query query(store.db(), "SELECT kind, outcome FROM action");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return counts;
        }
        const auto outcome = static_cast<ActionOutcome>(query.integer(1));
        counts.fail += outcome == ActionOutcome::failed ? 1 : 0;
        if (which == Counted::done && outcome != ActionOutcome::done) {
            continue;
        }
        switch (static_cast<ActionKind>(query.integer(0))) {
            case ActionKind::mkdir: ++counts.mkdir; break;
            case ActionKind::rename: ++counts.rename; break;
            case ActionKind::download: ++counts.download; break;
            case ActionKind::update: ++counts.update; break;
            case ActionKind::remove: ++counts.remove; break;
            case ActionKind::rmdir: ++counts.rmdir; break;
            case ActionKind::skip: ++counts.skip; break;
        }
    }
}

model::ActionSource action_source(state::Store& store) {
    return [&store](const std::function<Status(const Action&)>& each) -> Status {
        Query query(store.db(),
                    "SELECT kind, path, source, size, reason, id, outcome, error FROM action"
                    " ORDER BY seq");
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                return {};
            }
            Action action;
            action.kind = static_cast<ActionKind>(query.integer(0));
            action.path = query.text(1);
            action.from = query.text(2);
            action.size = query.integer(3);
            action.reason = query.text(4);
            action.id = query.text(5);
            action.outcome = static_cast<ActionOutcome>(query.integer(6));
            action.error = query.text(7);
            GDS_CHECK(each(action));
        }
    };
}

Result<std::string> delete_plan_id(state::Store& store, Deletes which) {
    plan::PlanId plan;
    bool any = false;
    Query query(store.db(),
                "SELECT id, path, checksum FROM action WHERE kind = ? AND (? OR outcome = ?)"
                " ORDER BY id, path, checksum",
                static_cast<std::int64_t>(ActionKind::remove), which == Deletes::all,
                static_cast<std::int64_t>(ActionOutcome::planned));
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return any ? std::move(plan).finish() : std::string();
        }
        any = true;
        plan.add(query.view(0), query.view(1), query.view(2));
    }
}

}  // namespace gds::run
