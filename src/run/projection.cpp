#include "projection.h"

#include "content.h"
#include "gds/drive/api.h"
#include "gds/tree/names.h"
#include "gds/volume/volume.h"

#include <algorithm>
#include <functional>

namespace gds::run {

namespace {

using model::ItemKind;
using state::Query;

constexpr int kMaxExpansions = 16;
constexpr int kMaxLinkedDepth = 64;

/// Whether the volume has another use for this name in this folder.
bool is_reserved(WantedNo parent, std::string_view name) {
    return volume::is_reserved(parent == 0 ? "" : "below", name);
}

}  // namespace

std::string export_extension(const model::Item& item, const std::vector<std::string>& formats) {
    if (item.kind != ItemKind::document) {
        return {};
    }
    const auto format = drive::export_format(item.mime_type, formats);
    return format ? format->extension : std::string();
}

Projection::Projection(state::Store& store, const tree::Filter& filter,
                       const std::vector<std::string>& export_formats, Snapshot& snapshot)
    : store_(store), filter_(filter), export_formats_(export_formats), snapshot_(snapshot) {}

Status Projection::build(state::ItemNo root) {
    root_ = root;
    snapshot_.forget_projection();
    GDS_CHECK(clear_wanted(store_.db()));
    GDS_CHECK(store_.db().execute("DELETE FROM hidden"));
    Folder folder;
    folder.item = root;
    do {
        GDS_CHECK(expand(folder));
        folder = GDS_TRY(next_folder(folder.n));
    } while (folder.n != 0);
    return settle_names();
}

Result<Projection::Folder> Projection::next_folder(WantedNo after) {
    Folder folder;
    {
        Query query(store_.db(),
                    "SELECT n, item, via, depth, entry, rest FROM wanted"
                    " WHERE n > ? AND folder = 1 AND skip IS NULL ORDER BY n LIMIT 1",
                    after);
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return folder;
        }
        folder.n = query.integer(0);
        folder.item = query.integer(1);
        folder.via = query.integer(2);
        folder.depth = static_cast<int>(query.integer(3));
        folder.entry = query.integer(4);
        folder.at_rest = static_cast<Rest>(query.integer(5)) != Rest::none;
    }
    if (!filter_.empty()) {
        folder.path = GDS_TRY(path_of(folder.n));
    }
    return folder;
}

Result<std::string> Projection::path_of(WantedNo wanted) {
    std::string path;
    while (wanted != 0) {
        Query query(store_.db(), "SELECT parent, name FROM wanted WHERE n = ?", wanted);
        GDS_CHECK(query.next());
        path = join_path(query.view(1), path);
        wanted = query.integer(0);
    }
    return path;
}

Status Projection::expand(const Folder& folder) {
    names_.clear();
    GDS_CHECK(snapshot_.expands(
        folder.item, folder.via == 0 ? Snapshot::FilterPath(folder.path) : std::nullopt));
    GDS_CHECK(
        store_.for_each_child(folder.item, [&](state::ItemNo number, model::Item item) -> Status {
            const bool current = !item.trashed && GDS_TRY(snapshot_.current(number, folder.item));
            if (!current) {
                return {};
            }
            snapshot_.meets(number);
            const Child child{number, std::move(item)};
            return child.item.kind == ItemKind::shortcut ? add_shortcut(folder, child)
                                                         : add(folder, child);
        }));
    std::sort(names_.begin(), names_.end());
    may_meet_ = may_meet_ || std::adjacent_find(names_.begin(), names_.end()) != names_.end();
    return {};
}

Status Projection::add(const Folder& parent, const Child& child) {
    Row row;
    row.item = child.number;
    row.via = parent.via;
    row.name = tree::encode_name(child.item.name);
    return place(parent, child, child.item, std::move(row));
}

Status Projection::add_shortcut(const Folder& parent, const Child& child) {
    Row row;
    row.item = GDS_TRY(store_.intern(child.item.target_id));
    row.name = tree::encode_name(child.item.name);
    GDS_CHECK(snapshot_.follows(child.item, row.item));
    const auto target = GDS_TRY(store_.item(row.item));
    const bool gone = row.item == 0 || !target || target->trashed ||
                      target->kind == ItemKind::unknown || !GDS_TRY(snapshot_.current(row.item, 0));
    if (gone || target->kind == ItemKind::shortcut) {
        row.item = child.number;
        row.via = parent.via;
        row.skip = gone ? "the shortcut leads to nothing this account can see"
                        : "the shortcut leads to another shortcut";
        return insert(parent, row);
    }
    row.via = GDS_TRY(store_.chain(parent.via, child.number));
    if (target->kind == ItemKind::folder) {
        row.skip = snapshot_.ancestors_unknown()
                       ? "whether the shortcut leads to a folder above could not be looked up"
                       : GDS_TRY(loop_problem(parent, row.item));
    }
    return place(parent, child, *target, std::move(row));
}

Result<std::string> Projection::loop_problem(const Folder& parent, state::ItemNo target) {
    if (target == root_ || target == parent.item) {
        return std::string("the shortcut leads back to a folder that it lies in");
    }
    for (WantedNo at = parent.n; at != 0;) {
        Query query(store_.db(), "SELECT parent, item FROM wanted WHERE n = ?", at);
        GDS_CHECK(query.next());
        if (query.integer(1) == target) {
            return std::string("the shortcut leads back to a folder that it lies in");
        }
        at = query.integer(0);
    }
    return GDS_TRY(is_above_root(target))
               ? std::string("the shortcut leads to a folder above the one that is mirrored")
               : std::string();
}

Result<bool> Projection::is_above_root(state::ItemNo folder) {
    // UNION, not UNION ALL: it ends where the parents go round in a circle.
    Query query(store_.db(),
                "WITH RECURSIVE above(n) AS (SELECT parent FROM item WHERE n = ?1 UNION"
                " SELECT i.parent FROM item i JOIN above a ON i.n = a.n)"
                " SELECT 1 FROM above WHERE n = ?2",
                root_, folder);
    return query.next();
}

Status Projection::place(const Folder& parent, const Child& child, const model::Item& item,
                         Row row) {
    row.folder = item.kind == ItemKind::folder;
    if (row.folder && row.skip.empty() && !first_visit(row)) {
        row.skip = "this folder lies in itself";
    }
    if (row.folder && row.via != 0 && row.skip.empty()) {
        if (++expansions_[row.item] > kMaxExpansions) {
            row.skip = "shortcuts already lead to this folder from 16 places";
        } else if (parent.depth >= kMaxLinkedDepth) {
            row.skip = "more than 64 folders deep behind a shortcut";
        }
    }
    if (item.kind == ItemKind::document) {
        const std::string extension = export_extension(item, export_formats_);
        if (extension.empty()) {
            row.skip = "Google offers none of the formats of --export-formats for it";
        } else {
            row.name = tree::encode_document_name(child.item.name, extension);
        }
    } else if (item.kind == ItemKind::other) {
        row.skip = "Google cannot export this type (" + item.mime_type + ")";
        row.claims = false;
    }
    if (row.skip.empty() && !row.folder && !item.can_download) {
        row.skip = "its owner does not let this account download it";
        row.follows = true;
    }
    row.name = tree::shorten_name(row.name, item.id);
    const std::string path = join_path(parent.path, row.name);
    const std::int64_t size = item.kind == ItemKind::file ? item.size.value_or(-1) : -1;
    const bool included =
        row.folder ? filter_.includes_dir(path) : filter_.includes_file(path, size);
    if (!included) {
        return store_.db().run(
            "INSERT OR IGNORE INTO hidden(item, via, parent, parent_via, wanted_parent, name,"
            " folder) VALUES(?, ?, ?, ?, ?, ?, ?)",
            row.item, row.via, parent.n == 0 ? 0 : parent.item, parent.via, parent.n, row.name,
            row.folder);
    }
    if (row.skip.empty()) {
        GDS_CHECK(recognize(parent, item, row));
    }
    return insert(parent, row);
}

/// Where Drive shows a circle of folders, some folder on it comes again by the same shortcuts:
/// below the source itself it is the source, since each has one place.
bool Projection::first_visit(const Row& row) {
    return row.via == 0 ? row.item != root_ : linked_.emplace(row.item, row.via).second;
}

Status Projection::recognize(const Folder& parent, const model::Item& item, Row& row) {
    if (!parent.at_rest) {
        return {};
    }
    const auto entry = GDS_TRY(store_.entry_of(row.item, row.via));
    if (!entry || entry->folder != row.folder || entry->parent != parent.entry ||
        entry->name != row.name) {
        return {};
    }
    row.entry = entry->n;
    const bool current =
        row.folder || (entry->modified_ms == item.modified_ms &&
                       is_content(item, export_extension(item, export_formats_), entry->content));
    row.rest = current ? Rest::current : Rest::in_place;
    return {};
}

Status Projection::insert(const Folder& parent, const Row& row) {
    if (!row.folder && row.skip.empty()) {
        ++files_;
    }
    if (row.claims) {
        names_.push_back(std::hash<std::string>()(row.name));
        if (is_reserved(parent.n, row.name)) {
            groups_.emplace(parent.n, row.name);
        }
    }
    const auto skip = row.skip.empty() ? std::nullopt : std::optional<std::string>(row.skip);
    return store_.db().run(
        "INSERT INTO wanted(parent, item, via, name, folder, depth, claims, skip, follows, entry,"
        " rest) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        parent.n, row.item, row.via, row.name, row.folder, parent.depth + 1, row.claims, skip,
        row.follows, row.entry, static_cast<std::int64_t>(row.rest));
}

Status Projection::settle_names() {
    if (!may_meet_ && groups_.empty()) {
        return {};
    }
    GDS_CHECK(index_wanted(store_.db(), WantedBy::place_and_name));
    if (may_meet_) {
        GDS_CHECK(find_meetings());
    }
    for (const auto& [parent, name] : groups_) {
        GDS_CHECK(settle_group(parent, name));
    }
    return {};
}

Status Projection::find_meetings() {
    Query query(store_.db(),
                "SELECT parent, name FROM wanted WHERE claims = 1 GROUP BY parent, name"
                " HAVING count(*) > 1");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        groups_.emplace(query.integer(0), query.text(1));
    }
}

Status Projection::rename(WantedNo wanted, const std::string& name) {
    GDS_CHECK(store_.db().run("UPDATE wanted SET name = ? WHERE n = ?", name, wanted));
    // Where a folder ends up is open now, and with it the place of all that is below.
    return store_.db().run(
        "UPDATE wanted SET entry = 0, rest = 0 WHERE n IN (WITH RECURSIVE below(n) AS"
        " (VALUES(?) UNION ALL SELECT w.n FROM wanted w JOIN below b ON w.parent = b.n)"
        " SELECT n FROM below)",
        wanted);
}

Status Projection::settle_group(WantedNo parent, const std::string& name) {
    std::vector<WantedNo> members;
    std::vector<tree::Claim> claims;
    {
        Query query(store_.db(),
                    "SELECT w.n, i.id, w.folder, i.modified_ms FROM wanted w"
                    " JOIN item i ON i.n = w.item"
                    " WHERE w.parent = ? AND w.name = ? AND w.claims = 1 ORDER BY w.n",
                    parent, name);
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                break;
            }
            members.push_back(query.integer(0));
            tree::Claim claim;
            claim.name = name;
            claim.id = query.text(1);
            claim.folder = query.integer(2) != 0;
            claim.modified_ms = query.integer(3);
            claim.reserved = is_reserved(parent, name);
            claims.push_back(std::move(claim));
        }
    }
    Status problem;
    const auto taken = [&](const std::string& candidate) {
        Query query(store_.db(),
                    "SELECT 1 FROM wanted WHERE parent = ? AND name = ? AND claims = 1", parent,
                    candidate);
        const Result<bool> row = query.next();
        if (!row) {
            problem = row.error();
        }
        return row && *row;
    };
    const std::vector<std::string> names = tree::settle(claims, taken);
    GDS_CHECK(problem);
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (names[i] != name) {
            GDS_CHECK(rename(members[i], names[i]));
        }
    }
    return {};
}

}  // namespace gds::run
