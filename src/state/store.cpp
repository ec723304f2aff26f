#include "gds/state/store.h"

#include "gds/base/text.h"
#include "item_flags.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::state {

namespace {

constexpr const char* kSelectRow =
    "SELECT id, parent, kind, name, mime, size, md5, sha1, sha256, modified_ms, revision,"
    " resource_key, flags, target, target_mime FROM item WHERE n = ?";

/// An item as its row holds it: numbers instead of ids.
struct ItemRow {
    ItemNo parent = 0;
    ItemNo target = 0;
    std::int64_t flags = 0;
};

std::int64_t flags_of(const model::Item& item) {
    return (item.can_download ? 0 : kNoDownload) | (item.in_photos ? kInPhotos : 0) |
           (item.trashed ? kTrashed : 0) | (item.owned_by_me ? kOwned : 0);
}

/// mimeType is kept only where it says more than the kind.
std::string_view stored_mime(const model::Item& item) {
    const bool telling =
        item.kind == model::ItemKind::document || item.kind == model::ItemKind::other;
    return telling ? std::string_view(item.mime_type) : std::string_view();
}

/// The revision is the content key only where Drive gives no checksum.
std::string_view stored_revision(const model::Item& item) {
    const bool has_checksum = !item.md5.empty() || !item.sha1.empty() || !item.sha256.empty();
    return has_checksum ? std::string_view() : std::string_view(item.head_revision);
}

bool same_as_row(const Query& row, const model::Item& item, const ItemRow& numbers) {
    return row.integer(1) == numbers.parent &&
           row.integer(2) == static_cast<std::int64_t>(item.kind) && row.view(3) == item.name &&
           row.view(4) == stored_mime(item) && row.null(5) == !item.size.has_value() &&
           row.integer(5) == item.size.value_or(0) && item.md5 == row.view(6) &&
           item.sha1 == row.view(7) && item.sha256 == row.view(8) &&
           row.integer(9) == item.modified_ms && row.view(10) == stored_revision(item) &&
           (item.resource_key.empty() || row.view(11) == item.resource_key) &&
           (row.integer(12) & ~kListed) == numbers.flags && row.integer(13) == numbers.target &&
           row.view(14) == item.target_mime_type;
}

std::string default_mime(model::ItemKind kind) {
    switch (kind) {
        case model::ItemKind::folder: return "application/vnd.google-apps.folder";
        case model::ItemKind::shortcut: return "application/vnd.google-apps.shortcut";
        default: return "application/octet-stream";
    }
}

}  // namespace

Result<std::string> Store::meta(const std::string& key) {
    Query query(db_, "SELECT value FROM meta WHERE key = ?", key);
    const bool row = GDS_TRY(query.next());
    return row ? query.text(0) : std::string();
}

Status Store::set_meta(const std::string& key, const std::string& value) {
    const std::string old = GDS_TRY(meta(key));
    if (old == value) {
        return {};
    }
    return db_.run(
        "INSERT INTO meta(key, value) VALUES(?, ?)"
        " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        key, value);
}

Result<std::int64_t> Store::number(const std::string& key) {
    Query query(db_, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?", key);
    const bool row = GDS_TRY(query.next());
    return row ? query.integer(0) : 0;
}

Result<ItemNo> Store::find(const std::string& id) {
    Query query(db_, "SELECT n FROM item WHERE id = ?", id);
    const bool row = GDS_TRY(query.next());
    return row ? query.integer(0) : 0;
}

Result<ItemNo> Store::intern(const std::string& id) {
    if (id.empty()) {
        return 0;
    }
    const ItemNo known = GDS_TRY(find(id));
    if (known != 0) {
        return known;
    }
    GDS_CHECK(db_.run("INSERT INTO item(id) VALUES(?)", id));
    return db_.last_rowid();
}

Result<std::string> Store::id_of(ItemNo item) {
    if (item == 0) {
        return std::string();
    }
    Query query(db_, "SELECT id FROM item WHERE n = ?", item);
    const bool row = GDS_TRY(query.next());
    return row ? query.text(0) : std::string();
}

namespace {

constexpr const char* kInsertItem =
    "INSERT INTO item(id, parent, kind, name, mime, size, md5, sha1, sha256, modified_ms, revision,"
    " resource_key, flags, target, target_mime)"
    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING";

/// Takes the same parameters.
std::string update_item() {
    return fmt::format(
        "UPDATE item SET parent = ?2, kind = ?3, name = ?4, mime = ?5, size = ?6, md5 = ?7,"
        " sha1 = ?8, sha256 = ?9, modified_ms = ?10, revision = ?11,"
        " resource_key = coalesce(?12, resource_key), flags = ?13 | (flags & {}), target = ?14,"
        " target_mime = ?15 WHERE id = ?1",
        kListed);
}

Status write_item(Database& db, const char* sql, const model::Item& item, const ItemRow& numbers) {
    const auto text_or_null = [](std::string_view text) {
        return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
    };
    const std::optional<std::int64_t> target =
        numbers.target == 0 ? std::nullopt : std::optional<std::int64_t>(numbers.target);
    return db.run(sql, item.id, numbers.parent, static_cast<std::int64_t>(item.kind), item.name,
                  text_or_null(stored_mime(item)), item.size, Blob{item.md5.bytes()},
                  Blob{item.sha1.bytes()}, Blob{item.sha256.bytes()}, item.modified_ms,
                  text_or_null(stored_revision(item)), text_or_null(item.resource_key),
                  numbers.flags, target, text_or_null(item.target_mime_type));
}

}  // namespace

Result<Store::Upserted> Store::upsert(const model::Item& item, const KnownFolder& folder) {
    ItemRow numbers;
    numbers.parent = item.parent == folder.id ? folder.n : GDS_TRY(intern(item.parent));
    numbers.target = GDS_TRY(intern(item.target_id));
    numbers.flags = flags_of(item);
    if (numbers.target != 0 && !item.target_resource_key.empty()) {
        // The key that opens the target is only ever told by the shortcut.
        GDS_CHECK(db_.run("UPDATE item SET resource_key = ? WHERE n = ? AND resource_key IS NOT ?",
                          item.target_resource_key, numbers.target, item.target_resource_key));
    }
    // New ones mostly come together, and need not be looked for first.
    ItemNo known = met_new_item_ ? 0 : GDS_TRY(find(item.id));
    if (known == 0) {
        GDS_CHECK(write_item(db_, kInsertItem, item, numbers));
        met_new_item_ = db_.changes() > 0;
        if (met_new_item_) {
            return Upserted{db_.last_rowid(), true};
        }
        known = GDS_TRY(find(item.id));
    }
    Upserted changed{known, true};
    {
        Query query(db_, kSelectRow, known);
        const bool row = GDS_TRY(query.next());
        if (row && same_as_row(query, item, numbers)) {
            return Upserted{known, false};
        }
        changed.left = row && query.integer(1) != numbers.parent ? query.integer(1) : 0;
    }
    static const std::string update = update_item();
    GDS_CHECK(write_item(db_, update.c_str(), item, numbers));
    return changed;
}

model::Item item_in(const Query& row, int first) {
    const auto column = [&first] { return first++; };
    model::Item item;
    item.id = row.text(column());
    item.kind = static_cast<model::ItemKind>(row.integer(column()));
    item.name = row.text(column());
    const int mime = column();
    item.mime_type = row.null(mime) ? default_mime(item.kind) : row.text(mime);
    if (const int size = column(); !row.null(size)) {
        item.size = row.integer(size);
    }
    item.md5 = row.view(column());
    item.sha1 = row.view(column());
    item.sha256 = row.view(column());
    item.modified_ms = row.integer(column());
    item.head_revision = row.text(column());
    item.resource_key = row.text(column());
    const std::int64_t flags = row.integer(column());
    item.can_download = (flags & kNoDownload) == 0;
    item.in_photos = (flags & kInPhotos) != 0;
    item.trashed = (flags & (kTrashed | kAbsent)) != 0;
    item.owned_by_me = (flags & kOwned) != 0;
    item.target_mime_type = row.text(column());
    return item;
}

namespace {

model::Item whole_item(const Query& row, const std::string& parent) {
    model::Item item = item_in(row, 0);
    item.target_id = row.text(kItemColumnCount);
    item.parent = parent;
    return item;
}

}  // namespace

Result<std::optional<model::Item>> Store::item(ItemNo number) {
    static const std::string sql = fmt::format(
        "SELECT {}, t.id, p.id FROM item i LEFT JOIN item t ON t.n = i.target"
        " LEFT JOIN item p ON p.n = i.parent WHERE i.n = ?",
        kItemColumns);
    Query row(db_, sql.c_str(), number);
    const bool found = GDS_TRY(row.next());
    return found ? std::optional(whole_item(row, row.text(kItemColumnCount + 1))) : std::nullopt;
}

Status Store::for_each_child(ItemNo folder,
                             const std::function<Status(ItemNo, model::Item)>& each) {
    static const std::string sql = fmt::format(
        "SELECT {}, t.id, i.n FROM item i LEFT JOIN item t ON t.n = i.target"
        " WHERE i.parent = ? AND i.kind <> 0 ORDER BY i.n",
        kItemColumns);
    const std::string parent = GDS_TRY(id_of(folder));
    Query row(db_, sql.c_str(), folder);
    for (;;) {
        const bool found = GDS_TRY(row.next());
        if (!found) {
            return {};
        }
        GDS_CHECK(each(row.integer(kItemColumnCount + 1), whole_item(row, parent)));
    }
}

namespace {

Store::Standing standing_of(std::int64_t parent, std::int64_t kind, std::int64_t flags) {
    Store::Standing standing;
    standing.parent = parent;
    standing.known = kind != 0;
    standing.folder = kind == static_cast<std::int64_t>(model::ItemKind::folder);
    standing.trashed = (flags & kTrashed) != 0;
    standing.absent = (flags & kAbsent) != 0;
    standing.listed = (flags & kListed) != 0;
    return standing;
}

}  // namespace

Result<Store::Standing> Store::standing(ItemNo item) {
    Query query(db_, "SELECT parent, kind, flags FROM item WHERE n = ?", item);
    const bool row = GDS_TRY(query.next());
    return row ? standing_of(query.integer(0), query.integer(1), query.integer(2)) : Standing();
}

Result<bool> Store::holds_others(ItemNo folder) {
    Query query(db_,
                "SELECT 1 FROM item WHERE parent = ? AND kind <> 0 AND (flags & ?) = 0 LIMIT 1",
                folder, kOwned | kTrashed | kAbsent);
    return query.next();
}

Status Store::set_flag(ItemNo item, std::int64_t flag, bool on) {
    return db_.run("UPDATE item SET flags = (flags & ~?2) | ?3 WHERE n = ?1 AND (flags & ?2) <> ?3",
                   item, flag, on ? flag : 0);
}

Status Store::set_absent(ItemNo item, bool absent) {
    return set_flag(item, kAbsent, absent);
}

Status Store::set_unknown(ItemNo item) {
    return db_.run("UPDATE item SET kind = 0, flags = flags & ~? WHERE n = ?", kOurs | kTrashed,
                   item);
}

Status Store::set_listed(ItemNo item, bool listed) {
    return set_flag(item, kListed, listed);
}

Status Store::revise(const std::function<void(ItemNo, Standing&)>& each) {
    std::vector<std::pair<ItemNo, std::int64_t>> revised;
    {
        Query query(db_, "SELECT n, parent, kind, flags FROM item");
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                break;
            }
            const std::int64_t flags = query.integer(3);
            Standing standing = standing_of(query.integer(1), query.integer(2), flags);
            each(query.integer(0), standing);
            const std::int64_t ours =
                (standing.absent ? kAbsent : 0) | (standing.listed ? kListed : 0);
            if (ours != (flags & kOurs)) {
                revised.emplace_back(query.integer(0), (flags & ~kOurs) | ours);
            }
        }
    }
    for (const auto& [item, flags] : revised) {
        GDS_CHECK(db_.run("UPDATE item SET flags = ? WHERE n = ?", flags, item));
    }
    return {};
}

Result<bool> Store::is_referred_to(ItemNo item) {
    Query query(db_,
                "SELECT 1 WHERE EXISTS(SELECT 1 FROM entry WHERE item = ?1 AND item <> 0)"
                " OR EXISTS(SELECT 1 FROM parked WHERE item = ?1)"
                " OR EXISTS(SELECT 1 FROM via WHERE shortcut = ?1)"
                " OR EXISTS(SELECT 1 FROM item WHERE parent = ?1)"
                " OR EXISTS(SELECT 1 FROM item WHERE target = ?1)",
                item);
    return query.next();
}

Status Store::forget_items(const std::function<bool(ItemNo)>& keep) {
    std::vector<ItemNo> gone;
    {
        Query query(db_, "SELECT n FROM item");
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                break;
            }
            if (!keep(query.integer(0))) {
                gone.push_back(query.integer(0));
            }
        }
    }
    // A folder goes after what lay in it: children have the higher numbers more often than not.
    for (auto item = gone.rbegin(); item != gone.rend(); ++item) {
        const bool needed = GDS_TRY(is_referred_to(*item));
        if (!needed) {
            GDS_CHECK(db_.run("DELETE FROM item WHERE n = ?", *item));
        }
    }
    return {};
}

}  // namespace gds::state
