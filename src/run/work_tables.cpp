#include "work_tables.h"

namespace gds::run {

namespace {

constexpr const char* kTables = R"sql(
-- What a flat listing of the account showed; see Corpus.
CREATE TEMP TABLE corpus(
    n INTEGER PRIMARY KEY,
    parent TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    size INTEGER,
    md5 BLOB,
    sha1 BLOB,
    sha256 BLOB,
    modified_ms INTEGER NOT NULL,
    revision TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    flags INTEGER NOT NULL,
    target TEXT NOT NULL,
    target_mime TEXT NOT NULL,
    target_key TEXT NOT NULL
);

-- skip: why the item is not mirrored; it still explains its path. claims: takes part in the
-- settling of names. follows: a copy that is there moves along, although it is not brought up to
-- date. entry: the recorded entry that is this item, 0 for none yet. rest: see Rest.
CREATE TEMP TABLE wanted(
    n INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    item INTEGER NOT NULL,
    via INTEGER NOT NULL,
    name TEXT NOT NULL,
    folder INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    skip TEXT,
    follows INTEGER NOT NULL,
    entry INTEGER NOT NULL DEFAULT 0,
    rest INTEGER NOT NULL DEFAULT 0
);

-- what: missing, changed (other bytes), mtime (same bytes, other time).
CREATE TEMP TABLE drift(
    entry INTEGER PRIMARY KEY,
    what TEXT NOT NULL,
    size INTEGER,
    mtime_ns INTEGER
);

-- parent: the entry it lies in, or minus the stray folder's number. keep: never to be removed.
CREATE TEMP TABLE stray(
    n INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    type INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    keep INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX temp.stray_slot ON stray(parent, name);

-- Recorded entries that a filter makes invisible, and folders that hold something invisible.
CREATE TEMP TABLE invisible(entry INTEGER PRIMARY KEY);
CREATE TEMP TABLE held(place INTEGER PRIMARY KEY);
-- Recorded files that nothing asks for and whose path another item takes over.
CREATE TEMP TABLE displaced(
    entry INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    via INTEGER NOT NULL,
    path TEXT NOT NULL
);
-- Items that a filter leaves out and where they lie: parent and parent_via are the folder's key, 0
-- for the root, wanted_parent its row, name the one that was judged.
CREATE TEMP TABLE hidden(
    item INTEGER,
    via INTEGER,
    parent INTEGER,
    parent_via INTEGER,
    wanted_parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    folder INTEGER NOT NULL,
    PRIMARY KEY(item, via, parent, parent_via)
) WITHOUT ROWID;

-- kind and outcome: the model's. wanted, entry, stray: what it is about, 0 for none. evict: it has
-- to go just before another action lands.
CREATE TEMP TABLE action(
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    path TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    id TEXT NOT NULL DEFAULT '',
    outcome INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    wanted INTEGER NOT NULL DEFAULT 0,
    entry INTEGER NOT NULL DEFAULT 0,
    stray INTEGER NOT NULL DEFAULT 0,
    depth INTEGER NOT NULL DEFAULT 0,
    checksum TEXT NOT NULL DEFAULT '',
    confirmed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX temp.action_kind ON action(kind, seq);
)sql";

}  // namespace

Status create_work_tables(state::Database& db) {
    GDS_CHECK(db.execute("PRAGMA temp_store=FILE"));
    GDS_CHECK(db.execute("PRAGMA temp.cache_size=-1024"));
    return db.execute(kTables);
}

Status index_wanted(state::Database& db, WantedBy by) {
    switch (by) {
        case WantedBy::entry:
            return db.execute(
                "CREATE INDEX IF NOT EXISTS temp.wanted_entry ON wanted(entry)"
                " WHERE entry <> 0");
        case WantedBy::place_and_name:
            return db.execute(
                "CREATE INDEX IF NOT EXISTS temp.wanted_slot ON wanted(parent, name)");
        case WantedBy::item:
            return db.execute("CREATE INDEX IF NOT EXISTS temp.wanted_key ON wanted(item, via)");
    }
    return {};
}

Status clear_wanted(state::Database& db) {
    return db.execute(
        "DROP INDEX IF EXISTS temp.wanted_entry;"
        "DROP INDEX IF EXISTS temp.wanted_slot;"
        "DROP INDEX IF EXISTS temp.wanted_key;"
        "DELETE FROM wanted");
}

Result<bool> any(state::Database& db, const char* sql) {
    state::Query query(db, sql);
    return query.next();
}

}  // namespace gds::run
