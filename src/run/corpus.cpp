#include "corpus.h"

#include <optional>

namespace gds::run {

namespace {

using model::Item;
using state::Blob;
using state::Query;

constexpr int kChildrenAtOnce = 1000;

// Bits of the column `flags`.
constexpr std::int64_t kOwned = 1;
constexpr std::int64_t kShared = 2;
constexpr std::int64_t kNoDownload = 4;
constexpr std::int64_t kInPhotos = 8;

std::int64_t flags_of(const Item& item) {
    return (item.owned_by_me ? kOwned : 0) | (item.shared ? kShared : 0) |
           (item.can_download ? 0 : kNoDownload) | (item.in_photos ? kInPhotos : 0);
}

Item item_from(const Query& row, const std::string& parent) {
    Item item;
    item.parent = parent;
    item.id = row.text(1);
    item.name = row.text(2);
    item.mime_type = row.text(3);
    item.kind = model::kind_of(item.mime_type);
    if (!row.null(4)) {
        item.size = row.integer(4);
    }
    item.md5 = row.text(5);
    item.sha1 = row.text(6);
    item.sha256 = row.text(7);
    item.modified_ms = row.integer(8);
    item.head_revision = row.text(9);
    item.resource_key = row.text(10);
    const std::int64_t flags = row.integer(11);
    item.owned_by_me = (flags & kOwned) != 0;
    item.shared = (flags & kShared) != 0;
    item.can_download = (flags & kNoDownload) == 0;
    item.in_photos = (flags & kInPhotos) != 0;
    item.target_id = row.text(12);
    item.target_mime_type = row.text(13);
    item.target_resource_key = row.text(14);
    return item;
}

}  // namespace

Status Corpus::add(const std::vector<Item>& page) {
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(db_));
    for (const Item& item : page) {
        // Not every server knows the query that leaves these out.
        if (item.trashed || !item.drive_id.empty()) {
            continue;
        }
        ambiguous_ = ambiguous_ || item.more_parents;
        // Shown again after a change: the later state counts.
        GDS_CHECK(
            db_.run("INSERT OR REPLACE INTO corpus(parent, id, name, mime, size, md5, sha1, sha256,"
                    " modified_ms, revision, resource_key, flags, target, target_mime, target_key)"
                    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    item.parent, item.id, item.name, item.mime_type, item.size, Blob{item.md5},
                    Blob{item.sha1}, Blob{item.sha256}, item.modified_ms, item.head_revision,
                    item.resource_key, flags_of(item), item.target_id, item.target_mime_type,
                    item.target_resource_key));
    }
    return transaction.commit();
}

Result<std::vector<Item>> Corpus::children(const std::string& folder, std::int64_t& after) {
    std::vector<Item> children;
    Query query(db_,
                "SELECT n, id, name, mime, size, md5, sha1, sha256, modified_ms, revision,"
                " resource_key, flags, target, target_mime, target_key FROM corpus"
                " WHERE parent = ? AND n > ? ORDER BY n LIMIT ?",
                folder, after, kChildrenAtOnce);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return children;
        }
        after = query.integer(0);
        children.push_back(item_from(query, folder));
    }
}

Status Corpus::clear() {
    return db_.execute("DELETE FROM corpus");
}

}  // namespace gds::run
