#pragma once

namespace gds::state {

/// PRAGMA application_id: "gdsS".
inline constexpr int kApplicationId = 0x67647353;

/// Each string takes the schema one version up; PRAGMA user_version counts them. A released one is
/// never changed: what is new is added at the end.
inline constexpr const char* kMigrations[] = {R"sql(
CREATE TABLE meta(
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The remote snapshot: one row a Drive item. Parents and targets are row numbers, which keeps a row
-- small; a row of kind 0 is an id that is only referred to.
CREATE TABLE item(
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    parent INTEGER NOT NULL DEFAULT 0,
    kind INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '',
    mime TEXT,
    size INTEGER,
    md5 BLOB,
    sha1 BLOB,
    sha256 BLOB,
    modified_ms INTEGER NOT NULL DEFAULT 0,
    revision TEXT,
    resource_key TEXT,
    flags INTEGER NOT NULL DEFAULT 0,
    target INTEGER,
    target_mime TEXT
);
CREATE INDEX item_parent ON item(parent);

-- Chains of followed shortcuts.
CREATE TABLE via(
    n INTEGER PRIMARY KEY,
    outer INTEGER NOT NULL,
    shortcut INTEGER NOT NULL,
    UNIQUE(outer, shortcut)
);

-- What the volume holds: one row a file or folder that this program put there or adopted.
CREATE TABLE entry(
    n INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    folder INTEGER NOT NULL,
    item INTEGER NOT NULL,
    via INTEGER NOT NULL DEFAULT 0,
    size INTEGER,
    mtime_ns INTEGER,
    modified_ms INTEGER NOT NULL DEFAULT 0,
    content BLOB,
    digest BLOB,
    unverified INTEGER NOT NULL DEFAULT 0,
    UNIQUE(parent, name)
);
CREATE UNIQUE INDEX entry_key ON entry(item, via) WHERE item <> 0;

CREATE TABLE parked(
    item INTEGER NOT NULL,
    via INTEGER NOT NULL,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    content BLOB,
    attempts INTEGER NOT NULL,
    next_try_ms INTEGER NOT NULL,
    PRIMARY KEY(item, via)
) WITHOUT ROWID;

CREATE TABLE run(
    id TEXT PRIMARY KEY,
    command TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    finished_ms INTEGER NOT NULL,
    result TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    message TEXT NOT NULL,
    downloaded INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    renamed INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) WITHOUT ROWID;
)sql",
                                              R"sql(
-- What leads to an item: a change of a shortcut's target is told of the target alone.
CREATE INDEX item_target ON item(target) WHERE target IS NOT NULL;

-- What the last settled plan skipped, since a run that finds nothing new makes no plan to say it.
CREATE TABLE skipped(
    seq INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    id TEXT NOT NULL
);
)sql"};

}  // namespace gds::state
