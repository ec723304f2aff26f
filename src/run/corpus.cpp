#include "corpus.h"

#include <algorithm>
#include <utility>

namespace gds::run {

namespace {

using model::Item;
using state::Blob;
using state::Query;

constexpr std::size_t kChildrenAtOnce = 1000;

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
    item.id = row.text(0);
    item.name = row.text(1);
    item.mime_type = row.text(2);
    item.kind = model::kind_of(item.mime_type);
    if (!row.null(3)) {
        item.size = row.integer(3);
    }
    item.md5 = row.view(4);
    item.sha1 = row.view(5);
    item.sha256 = row.view(6);
    item.modified_ms = row.integer(7);
    item.head_revision = row.text(8);
    item.resource_key = row.text(9);
    const std::int64_t flags = row.integer(10);
    item.owned_by_me = (flags & kOwned) != 0;
    item.shared = (flags & kShared) != 0;
    item.can_download = (flags & kNoDownload) == 0;
    item.in_photos = (flags & kInPhotos) != 0;
    item.target_id = row.text(11);
    item.target_mime_type = row.text(12);
    item.target_resource_key = row.text(13);
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
        shown_.push_back(std::hash<std::string>()(item.id));
        GDS_CHECK(
            db_.run("INSERT INTO corpus(parent, id, name, mime, size, md5, sha1, sha256,"
                    " modified_ms, revision, resource_key, flags, target, target_mime, target_key)"
                    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    item.parent, item.id, item.name, item.mime_type, item.size,
                    Blob{item.md5.bytes()}, Blob{item.sha1.bytes()}, Blob{item.sha256.bytes()},
                    item.modified_ms, item.head_revision, item.resource_key, flags_of(item),
                    item.target_id, item.target_mime_type, item.target_resource_key));
    }
    return transaction.commit();
}

Result<bool> Corpus::complete() {
    // An index over what is there costs a third of one that grows with it.
    GDS_CHECK(db_.execute("CREATE INDEX temp.corpus_place ON corpus(parent, id)"));
    auto shown = std::exchange(shown_, {});
    std::sort(shown.begin(), shown.end());
    if (ambiguous_ || std::adjacent_find(shown.begin(), shown.end()) == shown.end()) {
        return !ambiguous_;
    }
    Query moved(db_, "SELECT 1 FROM corpus GROUP BY id HAVING count(DISTINCT parent) > 1 LIMIT 1");
    return !GDS_TRY(moved.next());
}

Status Corpus::for_each_child(const std::string& folder, const Each& each) {
    std::vector<Item> children;
    Query query(db_,
                "SELECT id, name, mime, size, md5, sha1, sha256, modified_ms, revision,"
                " resource_key, flags, target, target_mime, target_key FROM corpus"
                " WHERE parent = ? ORDER BY id, n",
                folder);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (children.size() == kChildrenAtOnce || (!row && !children.empty())) {
            GDS_CHECK(each(children));
            children.clear();
        }
        if (!row) {
            return {};
        }
        children.push_back(item_from(query, folder));
    }
}

Result<bool> Corpus::lacks(state::ItemNo item) {
    Query query(db_,
                "SELECT 1 FROM item i JOIN item p ON p.n = i.parent WHERE i.n = ? AND NOT EXISTS"
                " (SELECT 1 FROM corpus c WHERE c.parent = p.id AND c.id = i.id)",
                item);
    return query.next();
}

Status Corpus::clear() {
    shown_ = {};
    return db_.execute("DROP INDEX IF EXISTS temp.corpus_place; DELETE FROM corpus");
}

}  // namespace gds::run
