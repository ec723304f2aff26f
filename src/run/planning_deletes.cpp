#include "gds/base/text.h"
#include "gds/volume/volume.h"
#include "planning.h"
#include "scan.h"

#include <fmt/core.h>

#include <algorithm>

// What of the volume the source does not ask for.

namespace gds::run {

using model::Action;
using model::ActionKind;
using state::Query;

Result<bool> is_wanted_entry(state::Store& store, state::EntryNo entry) {
    Query query(store.db(), "SELECT 1 FROM wanted WHERE entry = ? AND entry <> 0", entry);
    return query.next();
}

Result<bool> is_wanted_file(state::Store& store, state::EntryNo parent, const std::string& name) {
    const char* sql = parent == 0
                          ? "SELECT 1 FROM wanted WHERE parent = 0 AND name = ?2 AND folder = 0"
                            " AND (skip IS NULL OR follows AND entry <> 0) AND ?1 = 0"
                          : "SELECT 1 FROM wanted WHERE parent ="
                            " (SELECT n FROM wanted WHERE entry = ?1 AND entry <> 0) AND name = ?2"
                            " AND folder = 0 AND (skip IS NULL OR follows AND entry <> 0)";
    Query query(store.db(), sql, parent, name);
    return query.next();
}

Status Planning::hold_kept_strays() {
    const char* sql = options_.delete_unmanaged ? "SELECT parent FROM stray WHERE keep = 1"
                                                : "SELECT parent FROM stray";
    Query query(store_.db(), sql);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        GDS_CHECK(hold_place(store_, query.integer(0)));
    }
}

namespace {

/// What is recorded, on the volume and in sight, and nothing asks for.
constexpr std::string_view kUnwanted =
    "FROM entry e WHERE NOT EXISTS (SELECT 1 FROM wanted w WHERE w.entry = e.n AND w.entry <> 0)"
    " AND e.n NOT IN (SELECT entry FROM invisible)"
    " AND e.n NOT IN (SELECT entry FROM drift WHERE what = 'missing')";

}  // namespace

Status Planning::deletes() {
    static const std::string first = fmt::format("SELECT 1 {} AND e.folder = 0", kUnwanted);
    static const std::string all = fmt::format(
        "SELECT e.n, e.parent, e.name, e.size, e.item, coalesce(e.digest, e.content, ''), e.via"
        " {} AND e.folder = 0 ORDER BY e.parent, e.name",
        kUnwanted);
    const bool some = GDS_TRY(any(store_.db(), first.c_str()));
    if (!some) {
        return {};
    }
    GDS_CHECK(index_wanted(store_.db(), WantedBy::place_and_name));
    Query query(store_.db(), all.c_str());
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        const bool replaced = GDS_TRY(is_wanted_file(store_, query.integer(1), query.text(2)));
        if (replaced) {
            GDS_CHECK(store_.db().run(
                "INSERT OR IGNORE INTO displaced(entry, item, via, path) VALUES(?, ?, ?, ?)",
                query.integer(0), query.integer(4), query.integer(6),
                join_path(GDS_TRY(place_path(query.integer(1))), query.text(2))));
            continue;
        }
        Action action;
        action.kind = ActionKind::remove;
        action.path = join_path(GDS_TRY(place_path(query.integer(1))), query.text(2));
        action.size = query.integer(3);
        action.reason = "gone";
        action.id = GDS_TRY(store_.id_of(query.integer(4)));
        GDS_CHECK(add(action, 0, query.integer(0), 0, to_hex(query.view(5))));
    }
}

namespace {

/// rclone's leftovers: name.XXXXXXXX.partial with eight hex digits.
bool is_rclone_partial(std::string_view name) {
    static constexpr std::string_view kEnding = ".partial";
    if (name.size() < kEnding.size() + 10 || name.substr(name.size() - kEnding.size()) != kEnding) {
        return false;
    }
    const std::string_view mark = name.substr(name.size() - kEnding.size() - 9, 9);
    return mark.front() == '.' && mark.find_first_not_of("0123456789abcdef", 1) == mark.npos;
}

}  // namespace

Status Planning::stray_deletes() {
    const bool some = options_.delete_unmanaged && GDS_TRY(any(store_.db(), "SELECT 1 FROM stray"));
    if (!some) {
        return {};
    }
    GDS_CHECK(index_wanted(store_.db(), WantedBy::place_and_name));
    Query query(store_.db(),
                "SELECT n, parent, name, size, type FROM stray WHERE type <> ? AND keep = 0"
                " ORDER BY parent, name",
                static_cast<std::int64_t>(volume::FileType::directory));
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        const bool plain = query.integer(4) == static_cast<std::int64_t>(volume::FileType::file);
        const std::string name = query.text(2);
        const bool replaced = plain && query.integer(1) >= 0 &&
                              GDS_TRY(is_wanted_file(store_, query.integer(1), name));
        if (replaced) {
            continue;
        }
        Action action;
        action.kind = ActionKind::remove;
        action.path = join_path(GDS_TRY(place_path(query.integer(1))), name);
        action.size = query.integer(3);
        action.reason = is_rclone_partial(name) ? "rclone-partial" : "unmanaged";
        GDS_CHECK(add(action, 0, 0, query.integer(0)));
    }
}

Status Planning::empty_folders() {
    struct Folder {
        std::string path;
        state::EntryNo entry;
        StrayNo stray;
    };
    std::vector<Folder> folders;
    const auto collect = [&](Query& query, bool stray) -> Status {
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                return {};
            }
            const std::int64_t n = query.integer(0);
            folders.push_back(
                Folder{GDS_TRY(place_path(stray ? -n : n)), stray ? 0 : n, stray ? n : 0});
        }
    };
    static const std::string unheld = fmt::format(
        "SELECT e.n {} AND e.folder = 1 AND e.n NOT IN (SELECT place FROM held)", kUnwanted);
    Query recorded(store_.db(), unheld.c_str());
    GDS_CHECK(collect(recorded, false));
    if (options_.delete_unmanaged) {
        Query strays(store_.db(),
                     "SELECT n FROM stray WHERE type = ? AND keep = 0"
                     " AND -n NOT IN (SELECT place FROM held)",
                     static_cast<std::int64_t>(volume::FileType::directory));
        GDS_CHECK(collect(strays, true));
    }
    // Deepest first: descending order puts what lies in a folder before it.
    std::sort(folders.begin(), folders.end(),
              [](const Folder& a, const Folder& b) { return a.path > b.path; });
    for (const Folder& folder : folders) {
        Action action;
        action.kind = ActionKind::rmdir;
        action.path = folder.path;
        action.reason = folder.entry != 0 ? "gone" : "unmanaged";
        GDS_CHECK(add(action, 0, folder.entry, folder.stray));
    }
    return {};
}

/// Where it lies once the renames are done, which come before every delete.
Result<std::string> Planning::place_path(std::int64_t place) {
    if (place == cached_place_) {
        return cached_place_path_;
    }
    std::string path;
    if (place > 0) {
        Query wanted(store_.db(), "SELECT n FROM wanted WHERE entry = ? AND entry <> 0", place);
        const bool moves = GDS_TRY(wanted.next());
        const auto entry = moves ? std::nullopt : GDS_TRY(store_.entry(place));
        const bool stays = entry && entry->parent >= 0;  // rather than to wait in staging
        path = moves   ? GDS_TRY(location(wanted.integer(0))).path
               : stays ? join_path(GDS_TRY(place_path(entry->parent)), entry->name)
                       : GDS_TRY(store_.path_of(place));
    } else if (place < 0) {
        Query query(store_.db(), "SELECT parent, name FROM stray WHERE n = -?", place);
        GDS_CHECK(query.next());
        path = join_path(GDS_TRY(place_path(query.integer(0))), query.text(1));
    }
    cached_place_ = place;
    cached_place_path_ = path;
    return path;
}

}  // namespace gds::run
