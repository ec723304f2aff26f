#include "removal.h"

namespace gds::run {

using model::ActionKind;
using model::ActionOutcome;
using state::Query;

namespace {

constexpr int kGroup = 256;

std::int64_t number(ActionKind kind) {
    return static_cast<std::int64_t>(kind);
}
std::int64_t number(ActionOutcome outcome) {
    return static_cast<std::int64_t>(outcome);
}

}  // namespace

Status set_outcome(state::Store& store, std::int64_t seq, ActionOutcome outcome,
                   const std::string& problem) {
    return store.db().run("UPDATE action SET outcome = ?, error = ? WHERE seq = ?", number(outcome),
                          problem, seq);
}

Removal::Removal(state::Store& store, const volume::Volume& volume, volume::Trash& trash,
                 bool allowed, const Cancel& cancel)
    : store_(store), volume_(volume), trash_(trash), allowed_(allowed), cancel_(cancel) {}

Status Removal::run() {
    std::int64_t last = 0;
    while (allowed_ && !cancel_.stopped()) {
        std::vector<Victim> victims = GDS_TRY(next_victims(last, ""));
        if (victims.empty()) {
            break;
        }
        last = victims.back().seq;
        state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
        GDS_CHECK(remove_files(victims));
        GDS_CHECK(volume_.sync_all());
        GDS_CHECK(transaction.commit());
    }
    if (!allowed_ || cancel_.stopped()) {
        return {};
    }
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    GDS_CHECK(remove_folders(""));
    GDS_CHECK(volume_.sync_all());
    return transaction.commit();
}

Result<std::vector<Removal::Victim>> Removal::next_victims(std::int64_t after,
                                                           const std::string& below) {
    std::vector<Victim> victims;
    Query query(store_.db(),
                "SELECT a.seq, a.entry, a.id, a.path, a.checksum, a.size,"
                " coalesce(e.mtime_ns, s.mtime_ns, 0) FROM action a"
                " LEFT JOIN entry e ON e.n = a.entry LEFT JOIN stray s ON s.n = a.stray"
                " WHERE a.kind = ? AND a.outcome = ? AND a.seq > ?"
                " AND (? = '' OR a.path = ? OR substr(a.path, 1, ?) = ?)"
                " ORDER BY a.seq LIMIT ?",
                number(ActionKind::remove), number(ActionOutcome::planned), after, below, below,
                static_cast<std::int64_t>(below.size() + 1), below + "/", kGroup);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return victims;
        }
        Victim victim;
        victim.seq = query.integer(0);
        victim.entry = query.integer(1);
        victim.trash.id = query.text(2);
        victim.trash.path = query.text(3);
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
        const Status put = trash_.put(entries[i]);
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

Status Removal::remove_folders(const std::string& below) {
    struct Folder {
        std::int64_t seq;
        state::EntryNo entry;
        std::string path;
    };
    std::vector<Folder> folders;
    {
        Query query(store_.db(),
                    "SELECT seq, entry, path FROM action WHERE kind = ? AND outcome = ?"
                    " AND (? = '' OR path = ? OR substr(path, 1, ?) = ?) ORDER BY seq",
                    number(ActionKind::rmdir), number(ActionOutcome::planned), below, below,
                    static_cast<std::int64_t>(below.size() + 1), below + "/");
        for (;;) {
            const bool row = GDS_TRY(query.next());
            if (!row) {
                break;
            }
            folders.push_back(Folder{query.integer(0), query.integer(1), query.text(2)});
        }
    }
    for (const Folder& folder : folders) {
        const Status removed = volume_.remove_dir(folder.path);
        const bool gone = removed || removed.error().code == Code::not_found;
        if (!gone) {
            // Something that is never looked at (.nfs*) keeps it alive for now.
            GDS_CHECK(
                set_outcome(store_, folder.seq, ActionOutcome::skipped, removed.error().message));
            continue;
        }
        GDS_CHECK(set_outcome(store_, folder.seq, ActionOutcome::done));
        if (folder.entry != 0) {
            GDS_CHECK(store_.erase(folder.entry));
        }
    }
    return {};
}

Result<bool> Removal::evict(const std::string& path) {
    if (!allowed_) {
        return false;
    }
    std::int64_t last = 0;
    for (;;) {
        std::vector<Victim> victims = GDS_TRY(next_victims(last, path));
        if (victims.empty()) {
            break;
        }
        last = victims.back().seq;
        GDS_CHECK(remove_files(victims));
    }
    GDS_CHECK(remove_folders(path));
    const auto left = GDS_TRY(volume_.stat(path));
    return !left.has_value();
}

Status Removal::forget_vanished() {
    return store_.db().run(
        "DELETE FROM entry WHERE n IN (SELECT entry FROM drift WHERE what = 'missing')"
        " AND n NOT IN (SELECT entry FROM wanted WHERE entry <> 0)"
        " AND n NOT IN (SELECT entry FROM invisible)");
}

}  // namespace gds::run
