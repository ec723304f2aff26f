// What the volume holds.
#include "gds/base/text.h"
#include "gds/state/store.h"

namespace gds::state {

namespace {

Entry entry_from(const Query& row) {
    Entry entry;
    entry.n = row.integer(0);
    entry.parent = row.integer(1);
    entry.name = row.text(2);
    entry.folder = row.integer(3) != 0;
    entry.item = row.integer(4);
    entry.via = row.integer(5);
    entry.size = row.integer(6);
    entry.mtime_ns = row.integer(7);
    entry.content = row.text(8);
    entry.digest = row.text(9);
    entry.unverified = row.integer(10) != 0;
    entry.modified_ms = row.integer(11);
    return entry;
}

Result<std::optional<Entry>> one_entry(Query& query) {
    const bool row = GDS_TRY(query.next());
    return row ? std::optional<Entry>(entry_from(query)) : std::nullopt;
}

Status insert_entry(Database& db, const char* sql, const Entry& entry) {
    return db.run(sql, entry.parent, entry.name, entry.folder, entry.item, entry.via, entry.size,
                  entry.mtime_ns, Blob{entry.content}, Blob{entry.digest}, entry.unverified,
                  entry.modified_ms);
}

}  // namespace

#define GDS_INSERT_ENTRY                                                                  \
    "INSERT INTO entry(parent, name, folder, item, via, size, mtime_ns, content, digest," \
    " unverified, modified_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

Result<EntryNo> Store::insert(const Entry& entry) {
    GDS_CHECK(insert_entry(db_, GDS_INSERT_ENTRY, entry));
    return db_.last_rowid();
}

Result<EntryNo> Store::insert_unless_taken(const Entry& entry) {
    GDS_CHECK(insert_entry(db_, GDS_INSERT_ENTRY " ON CONFLICT(parent, name) DO NOTHING", entry));
    return db_.changes() == 0 ? 0 : db_.last_rowid();
}

#undef GDS_INSERT_ENTRY

Status Store::update(const Entry& entry) {
    return db_.run(
        "UPDATE entry SET parent = ?, name = ?, folder = ?, item = ?, via = ?, size = ?,"
        " mtime_ns = ?, content = ?, digest = ?, unverified = ?, modified_ms = ? WHERE n = ?",
        entry.parent, entry.name, entry.folder, entry.item, entry.via, entry.size, entry.mtime_ns,
        Blob{entry.content}, Blob{entry.digest}, entry.unverified, entry.modified_ms, entry.n);
}

Status Store::erase(EntryNo entry) {
    return db_.run("DELETE FROM entry WHERE n = ?", entry);
}

Status Store::erase_orphans() {
    do {
        GDS_CHECK(
            db_.run("DELETE FROM entry WHERE parent > 0 AND parent NOT IN"
                    " (SELECT n FROM entry WHERE folder = 1)"));
    } while (db_.changes() > 0);
    return {};
}

#define GDS_ENTRY_COLUMNS                                                                     \
    "SELECT n, parent, name, folder, item, via, size, mtime_ns, content, digest, unverified," \
    " modified_ms FROM entry "

Result<std::optional<Entry>> Store::entry(EntryNo entry) {
    if (entry == 0) {
        return std::optional<Entry>();
    }
    Query query(db_, GDS_ENTRY_COLUMNS "WHERE n = ?", entry);
    return one_entry(query);
}

Result<std::optional<Entry>> Store::entry_of(ItemNo item, Via via) {
    Query query(db_, GDS_ENTRY_COLUMNS "WHERE item = ? AND via = ? AND item <> 0", item, via);
    return one_entry(query);
}

Result<std::optional<Entry>> Store::entry_at(EntryNo parent, const std::string& name) {
    Query query(db_, GDS_ENTRY_COLUMNS "WHERE parent = ? AND name = ?", parent, name);
    return one_entry(query);
}

#undef GDS_ENTRY_COLUMNS

Result<std::string> Store::path_of(EntryNo entry) {
    std::string path;
    while (entry != 0) {
        if (entry < 0) {
            // In the middle of a move: it waits in staging under its number.
            const std::string staged = ".gdrive-sync/staging/entry-" + std::to_string(-entry);
            const auto below = path.find('/');
            return below == std::string::npos ? staged : staged + path.substr(below);
        }
        Query query(db_, "SELECT parent, name FROM entry WHERE n = ?", entry);
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return error(Code::internal, "the database names a folder that it does not hold");
        }
        path = join_path(query.view(1), path);
        entry = query.integer(0);
    }
    return path;
}

Result<Store::Totals> Store::totals() {
    Query query(db_, "SELECT count(*), coalesce(sum(size), 0) FROM entry WHERE folder = 0");
    GDS_CHECK(query.next());
    return Totals{query.integer(0), query.integer(1)};
}

Status Store::remember_totals() {
    const Totals now = GDS_TRY(totals());
    GDS_CHECK(set_meta("files", std::to_string(now.files)));
    return set_meta("bytes", std::to_string(now.bytes));
}

Result<Store::Totals> Store::remembered_totals() {
    return Totals{GDS_TRY(number("files")), GDS_TRY(number("bytes"))};
}

}  // namespace gds::state
