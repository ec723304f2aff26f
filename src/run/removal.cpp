#include "removal.h"

#include <algorithm>

namespace gds::run {

using model::ActionKind;
using model::ActionOutcome;
using state::Query;

namespace {

constexpr int kGroup = 256;

}  // namespace

Status set_outcome(state::Store& store, std::int64_t seq, ActionOutcome outcome,
                   const std::string& problem) {
    return store.db().run("UPDATE action SET outcome = ?, error = ? WHERE seq = ?", number(outcome),
                          problem, seq);
}

Status set_done(state::Store& store, std::int64_t first, std::int64_t last) {
    return store.db().run("UPDATE action SET outcome = ? WHERE seq BETWEEN ? AND ?",
                          number(ActionOutcome::done), first, last);
}

Removal::Removal(state::Store& store, const volume::Volume& volume, volume::Trash& trash,
                 bool allowed, const Cancel& cancel)
    : store_(store), volume_(volume), trash_(trash), allowed_(allowed), cancel_(cancel) {}

Status Removal::run() {
    std::int64_t last = 0;
    std::vector<Victim> victims;
    while (allowed_ && !cancel_.stopped()) {
        const bool more = GDS_TRY(next_victims(last, "", victims));
        if (!more) {
            break;
        }
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        GDS_CHECK(remove_files(victims));
        GDS_CHECK(volume_.sync_all());
        GDS_CHECK(transaction.commit());
    }
    if (!allowed_ || cancel_.stopped()) {
        return {};
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    if (GDS_TRY(remove_folders("")) > 0) {
        GDS_CHECK(volume_.sync_all());
    }
    return transaction.commit();
}

/// Where it lies now: folders may have been renamed since the plan was made.
Result<std::string> Removal::present_path(state::EntryNo entry, StrayNo stray) {
    if (entry != 0) {
        return store_.path_of(entry);
    }
    std::string path;
    std::int64_t place = -stray;
    while (place < 0) {
        Query query(store_.db(), "SELECT parent, name FROM stray WHERE n = -?", place);
        GDS_CHECK(query.next());
        path = join_path(query.view(1), path);
        place = query.integer(0);
    }
    const std::string folder = GDS_TRY(store_.path_of(place));
    return join_path(folder, path);
}

namespace {

bool is_at_or_below(const std::string& path, const std::string& below) {
    return below.empty() || path == below ||
           (path.size() > below.size() && path.compare(0, below.size(), below) == 0 &&
            path[below.size()] == '/');
}

}  // namespace

Result<bool> Removal::next_victims(std::int64_t& after, const std::string& below,
                                   std::vector<Victim>& victims) {
    bool any = false;
    Query query(store_.db(),
                "SELECT a.seq, a.entry, a.id, a.stray, a.checksum, a.size,"
                " coalesce(e.mtime_ns, s.mtime_ns, 0) FROM action a"
                " LEFT JOIN entry e ON e.n = a.entry LEFT JOIN stray s ON s.n = a.stray"
                " WHERE a.kind = ? AND a.outcome = ? AND a.seq > ? ORDER BY a.seq LIMIT ?",
                number(ActionKind::remove), number(ActionOutcome::planned), after, kGroup);
    victims.clear();
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return any;
        }
        any = true;
        after = query.integer(0);
        Victim victim;
        victim.seq = after;
        victim.entry = query.integer(1);
        victim.trash.path = GDS_TRY(present_path(victim.entry, query.integer(3)));
        if (!is_at_or_below(victim.trash.path, below)) {
            continue;
        }
        victim.trash.id = query.text(2);
        victim.trash.checksum = query.text(4);
        victim.trash.size = query.integer(5);
        victim.trash.mtime_ns = query.integer(6);
        victim.trash.why = "deleted";
        victims.push_back(std::move(victim));
    }
}

Status Removal::remove_files(std::vector<Victim>& victims) {
    std::vector<volume::TrashEntry> entries;
    entries.reserve(victims.size());
    for (const Victim& victim : victims) {
        entries.push_back(victim.trash);
    }
    GDS_CHECK(trash_.announce(entries));
    for (std::size_t i = 0; i < victims.size(); ++i) {
        Status put = trash_.put(entries[i]);
        const bool gone = put || put.error().code == Code::not_found;
        if (!gone) {
            if (put.error().code == Code::disk_full || put.error().code == Code::read_only) {
                return put;
            }
            GDS_CHECK(
                set_outcome(store_, victims[i].seq, ActionOutcome::failed, put.error().message));
            continue;
        }
        GDS_CHECK(set_outcome(store_, victims[i].seq, ActionOutcome::done));
        if (victims[i].entry != 0) {
            GDS_CHECK(store_.erase(victims[i].entry));
        }
    }
    return {};
}

Result<int> Removal::remove_folders(const std::string& below) {
    struct Folder {
        std::int64_t seq;
        state::EntryNo entry;
        std::string path;
    };
    std::vector<Folder> folders;
    {
        Query query(store_.db(),
                    "SELECT seq, entry, stray FROM action WHERE kind = ? AND outcome = ?"
                    " ORDER BY seq",
                    number(ActionKind::rmdir), number(ActionOutcome::planned));
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                break;
            }
            std::string path = GDS_TRY(present_path(query.integer(1), query.integer(2)));
            if (is_at_or_below(path, below)) {
                folders.push_back(Folder{query.integer(0), query.integer(1), std::move(path)});
            }
        }
    }
    // Deepest first, by where they lie now.
    std::sort(folders.begin(), folders.end(),
              [](const Folder& a, const Folder& b) { return a.path > b.path; });
    int count = 0;
    for (const Folder& folder : folders) {
        const Status removed = volume_.remove_dir(folder.path);
        const bool gone = removed || removed.error().code == Code::not_found;
        if (!gone) {
            // Something that is never looked at (.nfs*) keeps it alive for now.
            GDS_CHECK(
                set_outcome(store_, folder.seq, ActionOutcome::skipped, removed.error().message));
            continue;
        }
        ++count;
        GDS_CHECK(set_outcome(store_, folder.seq, ActionOutcome::done));
        if (folder.entry != 0) {
            GDS_CHECK(store_.erase(folder.entry));
        }
    }
    return count;
}

Result<bool> Removal::evict(const std::string& path) {
    if (!allowed_) {
        return false;
    }
    std::int64_t last = 0;
    std::vector<Victim> victims;
    while (GDS_TRY(next_victims(last, path, victims))) {
        if (!victims.empty()) {
            GDS_CHECK(remove_files(victims));
        }
    }
    GDS_CHECK(remove_folders(path));
    const auto left = GDS_TRY(volume_.stat(path));
    return !left.has_value();
}

Status Removal::forget(const state::Entry& gone) {
    GDS_CHECK(store_.erase(gone.n));
    if (!gone.folder) {
        return {};
    }
    GDS_CHECK(store_.erase_orphans());
    return store_.db().run(
        "UPDATE action SET outcome = ? WHERE outcome = ? AND kind IN (?, ?) AND entry <> 0"
        " AND entry NOT IN (SELECT n FROM entry)",
        number(ActionOutcome::done), number(ActionOutcome::planned), number(ActionKind::remove),
        number(ActionKind::rmdir));
}

Status Removal::forget_vanished() {
    GDS_CHECK(store_.db().run(
        "DELETE FROM entry WHERE n IN (SELECT entry FROM drift WHERE what = 'missing')"
        " AND n NOT IN (SELECT entry FROM wanted WHERE entry <> 0)"
        " AND n NOT IN (SELECT entry FROM invisible)"));
    return store_.erase_orphans();
}

}  // namespace gds::run
