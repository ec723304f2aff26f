// What failed, and what past runs did.
#include "gds/state/store.h"

namespace gds::state {

namespace {

Parked parked_from(const Query& row) {
    Parked parked;
    parked.item = row.integer(0);
    parked.via = row.integer(1);
    parked.path = row.text(2);
    parked.reason = row.text(3);
    parked.detail = row.text(4);
    parked.content = row.text(5);
    parked.attempts = row.integer(6);
    parked.next_try_ms = row.integer(7);
    return parked;
}

}  // namespace

Result<bool> Store::parks_nothing() {
    if (!parks_nothing_) {
        Query query(db_, "SELECT 1 FROM parked");
        const bool row = GDS_TRY(query.next());
        parks_nothing_ = !row;
    }
    return *parks_nothing_;
}

Status Store::park(const Parked& parked) {
    parks_nothing_ = false;
    return db_.run(
        "INSERT OR REPLACE INTO parked(item, via, path, reason, detail, content, attempts,"
        " next_try_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        parked.item, parked.via, parked.path, parked.reason, parked.detail, Blob{parked.content},
        parked.attempts, parked.next_try_ms);
}

Status Store::unpark(ItemNo item, Via via) {
    const bool nothing = GDS_TRY(parks_nothing());
    if (nothing) {
        return {};
    }
    return db_.run("DELETE FROM parked WHERE item = ? AND via = ?", item, via);
}

#define GDS_PARKED_COLUMNS \
    "SELECT item, via, path, reason, detail, content, attempts, next_try_ms FROM parked "

Result<std::optional<Parked>> Store::parked(ItemNo item, Via via) {
    const bool nothing = GDS_TRY(parks_nothing());
    if (nothing) {
        return std::optional<Parked>();
    }
    Query query(db_, GDS_PARKED_COLUMNS "WHERE item = ? AND via = ?", item, via);
    const bool row = GDS_TRY(query.next());
    return row ? std::optional<Parked>(parked_from(query)) : std::nullopt;
}

Result<std::vector<Parked>> Store::parked_items(std::int64_t limit) {
    std::vector<Parked> all;
    Query query(db_, GDS_PARKED_COLUMNS "ORDER BY path LIMIT ?", limit);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return all;
        }
        all.push_back(parked_from(query));
    }
}

#undef GDS_PARKED_COLUMNS

Result<std::map<std::string, std::int64_t>> Store::parked_counts() {
    std::map<std::string, std::int64_t> counts;
    Query query(db_, "SELECT reason, count(*) FROM parked GROUP BY reason");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return counts;
        }
        counts[query.text(0)] = query.integer(1);
    }
}

Status Store::add_run(const RunRow& run) {
    return db_.run(
        "INSERT OR REPLACE INTO run(id, command, started_ms, finished_ms, result,"
        " exit_code, message, downloaded, updated, renamed, deleted, failed, bytes)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run.id, run.command, run.started_ms, run.finished_ms, run.result, run.exit_code,
        run.message, run.downloaded, run.updated, run.renamed, run.deleted, run.failed, run.bytes);
}

Status Store::forget_runs_before(const std::string& id) {
    return db_.run("DELETE FROM run WHERE id < ?", id);
}

Result<std::vector<RunRow>> Store::runs(int limit) {
    std::vector<RunRow> all;
    Query row(db_,
              "SELECT id, command, started_ms, finished_ms, result, exit_code, message, downloaded,"
              " updated, renamed, deleted, failed, bytes FROM"
              // Ids begin with the second, so that only those of one second have to be sorted.
              " (SELECT * FROM run ORDER BY id DESC LIMIT ?1 + 100)"
              " ORDER BY started_ms DESC, id DESC LIMIT ?1",
              limit);
    for (;;) {
        const bool found = GDS_TRY(row.next());
        if (!found) {
            return all;
        }
        RunRow run;
        run.id = row.text(0);
        run.command = row.text(1);
        run.started_ms = row.integer(2);
        run.finished_ms = row.integer(3);
        run.result = row.text(4);
        run.exit_code = static_cast<int>(row.integer(5));
        run.message = row.text(6);
        run.downloaded = row.integer(7);
        run.updated = row.integer(8);
        run.renamed = row.integer(9);
        run.deleted = row.integer(10);
        run.failed = row.integer(11);
        run.bytes = row.integer(12);
        all.push_back(std::move(run));
    }
}

}  // namespace gds::state
