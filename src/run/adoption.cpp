#include "adoption.h"

#include "content.h"
#include "gds/tree/names.h"
#include "projection.h"
#include "scan.h"
#include "visibility.h"

namespace gds::run {

using state::Entry;
using state::EntryNo;
using state::Query;
using volume::FileType;

namespace {

constexpr int kBatch = 500;
/// Hashing this much again after a crash is bearable.
constexpr std::int64_t kCommitBytes = 256LL << 20;

bool in_place(const Entry& entry, EntryNo parent, const std::string& name) {
    return entry.parent == parent && entry.name == name;
}

}  // namespace

Adoption::Adoption(state::Store& store, const volume::Volume& volume, AdoptionOptions options,
                   const Cancel& cancel)
    : store_(store), volume_(volume), options_(std::move(options)), cancel_(cancel) {}

Status Adoption::run() {
    const bool holds_something =
        GDS_TRY(any(store_.db(), "SELECT 1 FROM entry UNION ALL SELECT 1 FROM stray"));
    return holds_something ? settle_all() : Status();
}

Status Adoption::settle_all() {
    // The projection knew the record, not what has become of the files.
    GDS_CHECK(
        store_.db().execute("UPDATE wanted SET entry = 0, rest = 0"
                            " WHERE entry IN (SELECT entry FROM drift)"));
    WantedNo last = 0;
    for (;;) {
        const std::vector<Wanted> batch = GDS_TRY(next_batch(last));
        if (batch.empty()) {
            return keep_left_out();
        }
        std::size_t at = 0;
        while (at < batch.size()) {
            state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
            uncommitted_bytes_ = 0;
            while (at < batch.size() && uncommitted_bytes_ < kCommitBytes) {
                Status settled = settle(batch[at]);
                if (!settled) {
                    // What was hashed so far is kept: a stopped adoption resumes behind it.
                    GDS_CHECK(transaction.commit());
                    return settled;
                }
                last = batch[at++].n;
            }
            GDS_CHECK(transaction.commit());
            if (options_.progress) {
                options_.progress(adopted_);
            }
        }
    }
}

Result<std::vector<Adoption::Wanted>> Adoption::next_batch(WantedNo after) {
    std::vector<Wanted> batch;
    Query query(store_.db(),
                "SELECT n, parent, item, via, name, folder, skip IS NOT NULL, claims FROM wanted"
                " WHERE n > ? AND rest = 0 ORDER BY n LIMIT ?",
                after, kBatch);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return batch;
        }
        Wanted wanted;
        wanted.n = query.integer(0);
        wanted.parent = query.integer(1);
        wanted.item = query.integer(2);
        wanted.via = query.integer(3);
        wanted.name = query.text(4);
        wanted.folder = query.integer(5) != 0;
        wanted.skipped = query.integer(6) != 0;
        wanted.claims = query.integer(7) != 0;
        batch.push_back(std::move(wanted));
    }
}

Status Adoption::settle(const Wanted& wanted) {
    if (cancel_.stopped()) {
        return error(Code::cancelled, "stopped while comparing the destination");
    }
    std::optional<Entry> own = GDS_TRY(store_.entry_of(wanted.item, wanted.via));
    if (own && own->folder != wanted.folder) {
        GDS_CHECK(orphan(*own));
        own.reset();
    }
    const std::optional<EntryNo> parent = GDS_TRY(place_of(wanted.parent));
    const bool elsewhere = own && !(parent && in_place(*own, *parent, wanted.name));
    if (elsewhere && wanted.folder && GDS_TRY(is_invisible(store_, own->n))) {
        // Whatever else lies in it is to stay where a filter hides it.
        GDS_CHECK(orphan(*own));
        own.reset();
    }
    if (wanted.skipped) {
        return protect(wanted, own, parent);
    }
    if (!parent) {
        // The folder it belongs in is not there yet: nothing can lie at its path.
        return own ? match(wanted, own->n) : Status();
    }
    return wanted.folder ? settle_folder(wanted, own, *parent) : settle_file(wanted, own, *parent);
}

Status Adoption::protect(const Wanted& wanted, const std::optional<Entry>& own,
                         std::optional<EntryNo> parent) {
    // A file's old copy stays; a folder that is no longer expanded has nothing left to hold.
    if (own && !wanted.folder) {
        GDS_CHECK(match(wanted, own->n));
    }
    if (!parent || !wanted.claims) {
        return {};
    }
    return store_.db().run("UPDATE stray SET keep = 1 WHERE parent = ? AND name = ?", *parent,
                           wanted.name);
}

/// What a filter leaves out at the source has a copy here that nothing records: as with a recorded
/// one, that is not for this run to judge.
Status Adoption::keep_left_out() {
    const bool some = GDS_TRY(any(store_.db(), "SELECT 1 FROM hidden")) &&
                      GDS_TRY(any(store_.db(), "SELECT 1 FROM stray"));
    if (!some) {
        return {};
    }
    GDS_CHECK(store_.db().execute(
        "CREATE INDEX IF NOT EXISTS temp.hidden_slot ON hidden(wanted_parent, name)"));
    GDS_CHECK(index_wanted(store_.db(), WantedBy::entry));
    GDS_CHECK(index_wanted(store_.db(), WantedBy::place_and_name));
    StrayNo last = 0;
    for (;;) {
        Query query(store_.db(),
                    "SELECT s.n, s.name, s.type, coalesce(w.n, 0) FROM stray s"
                    " LEFT JOIN wanted w ON w.entry = s.parent AND w.entry <> 0"
                    " WHERE s.n > ? AND s.keep = 0 AND (s.parent = 0 OR w.n IS NOT NULL)"
                    " ORDER BY s.n LIMIT 1",
                    last);
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        last = query.integer(0);
        const bool folder = query.integer(2) == static_cast<std::int64_t>(FileType::directory);
        const bool plain = query.integer(2) == static_cast<std::int64_t>(FileType::file);
        if ((folder || plain) && GDS_TRY(is_left_out(query.integer(3), query.text(1), folder))) {
            GDS_CHECK(keep(last));
        }
    }
}

/// By the plain name of what it may be, unless something that is taken asks for that path.
Result<bool> Adoption::is_left_out(WantedNo parent, const std::string& name, bool folder) {
    const bool taken = GDS_TRY(is_asked_for(store_, parent, name));
    if (taken) {
        return false;
    }
    Query query(store_.db(),
                "SELECT i.id, h.name FROM hidden h JOIN item i ON i.n = h.item"
                " WHERE h.wanted_parent = ? AND h.name IN (?, ?) AND h.folder = ?",
                parent, name, tree::without_id(name), folder);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row || tree::may_become(query.text(1), query.text(0), name)) {
            return row;
        }
    }
}

/// With all that lies below it.
Status Adoption::keep(StrayNo stray) {
    return store_.db().run(
        "UPDATE stray SET keep = 1 WHERE n IN (WITH RECURSIVE below(n) AS (VALUES(?) UNION ALL"
        " SELECT s.n FROM stray s JOIN below b ON s.parent = -b.n) SELECT n FROM below)",
        stray);
}

Status Adoption::settle_folder(const Wanted& wanted, const std::optional<Entry>& own,
                               EntryNo parent) {
    const bool missing = own && GDS_TRY(is_missing(store_, own->n));
    if (own && !missing && in_place(*own, parent, wanted.name)) {
        return match(wanted, own->n);
    }
    const auto stray = GDS_TRY(stray_at(parent, wanted.name));
    if (stray && stray->type == FileType::directory && !(options_.in_doubt && own)) {
        if (own) {
            GDS_CHECK(orphan(*own));
        }
        return adopt_folder(wanted, parent, *stray);
    }
    const auto doomed = GDS_TRY(doomed_at(parent, wanted));
    if (doomed && (!own || doomed->n != own->n)) {
        if (own) {
            GDS_CHECK(orphan(*own));
        }
        GDS_CHECK(store_.db().run("UPDATE entry SET item = ?, via = ? WHERE n = ?", wanted.item,
                                  wanted.via, doomed->n));
        return match(wanted, doomed->n);
    }
    return own ? match(wanted, own->n) : Status();
}

Status Adoption::settle_file(const Wanted& wanted, const std::optional<Entry>& own,
                             EntryNo parent) {
    const bool missing = own && GDS_TRY(is_missing(store_, own->n));
    if (own && !missing) {
        const auto other = GDS_TRY(replaced(wanted, *own, parent));
        return other ? adopt_file(wanted, own, parent, *other) : match(wanted, own->n);
    }
    const auto stray = GDS_TRY(stray_at(parent, wanted.name));
    if (stray && stray->type == FileType::file) {
        return adopt_file(wanted, own, parent, *stray);
    }
    if (own) {
        return match(wanted, own->n);
    }
    const auto doomed = GDS_TRY(doomed_at(parent, wanted));
    if (!doomed) {
        return {};
    }
    GDS_CHECK(store_.db().run("INSERT INTO displaced(entry, item, via, path) VALUES(?, ?, ?, ?)",
                              doomed->n, doomed->item, doomed->via,
                              join_path(GDS_TRY(store_.path_of(parent)), wanted.name)));
    GDS_CHECK(store_.db().run("UPDATE entry SET item = ?, via = ? WHERE n = ?", wanted.item,
                              wanted.via, doomed->n));
    return match(wanted, doomed->n);
}

Result<std::optional<EntryNo>> Adoption::place_of(WantedNo wanted) {
    if (wanted == 0) {
        return std::optional<EntryNo>(0);
    }
    Query query(store_.db(), "SELECT entry FROM wanted WHERE n = ?", wanted);
    const bool row = GDS_TRY(query.next());
    const EntryNo entry = row ? query.integer(0) : 0;
    return entry == 0 ? std::nullopt : std::optional<EntryNo>(entry);
}

Result<std::optional<Adoption::Stray>> Adoption::stray_at(EntryNo parent, const std::string& name) {
    Query query(store_.db(),
                "SELECT n, type, size, mtime_ns FROM stray WHERE parent = ? AND name = ?", parent,
                name);
    const bool row = GDS_TRY(query.next());
    if (!row) {
        return std::optional<Stray>();
    }
    Stray stray;
    stray.n = query.integer(0);
    stray.type = static_cast<FileType>(query.integer(1));
    stray.size = query.integer(2);
    stray.mtime_ns = query.integer(3);
    return std::optional<Stray>(stray);
}

/// What lies where `own` was recorded, if both that and the item's content are others by now:
/// somebody else, such as a run of rclone in between, may have brought the file up to date.
Result<std::optional<Adoption::Stray>> Adoption::replaced(const Wanted& wanted, const Entry& own,
                                                          EntryNo parent) {
    Query query(store_.db(), "SELECT size, mtime_ns FROM drift WHERE entry = ?", own.n);
    const bool drifted = GDS_TRY(query.next());
    const auto item = GDS_TRY(store_.item(wanted.item));
    if (!drifted || !item || !in_place(own, parent, wanted.name) ||
        is_content(*item, export_extension(*item, options_.export_formats), own.content)) {
        return std::optional<Stray>();
    }
    Stray stray;
    stray.type = FileType::file;
    stray.size = query.integer(0);
    stray.mtime_ns = query.integer(1);
    return std::optional<Stray>(stray);
}

/// A recorded entry of the same type at the wanted path that nothing asks for any more.
Result<std::optional<Entry>> Adoption::doomed_at(EntryNo parent, const Wanted& wanted) {
    auto entry = GDS_TRY(store_.entry_at(parent, wanted.name));
    if (!entry || entry->folder != wanted.folder || options_.in_doubt) {
        return std::optional<Entry>();
    }
    const bool missing = GDS_TRY(is_missing(store_, entry->n));
    GDS_CHECK(index_wanted(store_.db(), WantedBy::item));
    Query alive(store_.db(), "SELECT 1 FROM wanted WHERE item = ? AND via = ?", entry->item,
                entry->via);
    const bool is_alive = entry->item != 0 && GDS_TRY(alive.next());
    if (missing || is_alive || GDS_TRY(is_invisible(store_, entry->n))) {
        return std::optional<Entry>();
    }
    return entry;
}

Status Adoption::orphan(const Entry& entry) {
    return store_.db().run("UPDATE entry SET item = 0, via = 0 WHERE n = ?", entry.n);
}

Status Adoption::match(const Wanted& wanted, EntryNo entry) {
    return store_.db().run("UPDATE wanted SET entry = ? WHERE n = ?", entry, wanted.n);
}

Status Adoption::forget_stray(StrayNo stray) {
    return store_.db().run("DELETE FROM stray WHERE n = ?", stray);
}

Status Adoption::adopt_folder(const Wanted& wanted, EntryNo parent, const Stray& stray) {
    GDS_CHECK(
        store_.db().run("DELETE FROM entry WHERE parent = ? AND name = ?", parent, wanted.name));
    Entry entry;
    entry.parent = parent;
    entry.name = wanted.name;
    entry.folder = true;
    entry.item = wanted.item;
    entry.via = wanted.via;
    const EntryNo n = GDS_TRY(store_.insert(entry));
    GDS_CHECK(store_.db().run("UPDATE stray SET parent = ? WHERE parent = -?", n, stray.n));
    GDS_CHECK(store_.db().run("UPDATE OR REPLACE held SET place = ? WHERE place = -?", n, stray.n));
    GDS_CHECK(forget_stray(stray.n));
    return match(wanted, n);
}

Status Adoption::adopt_file(const Wanted& wanted, const std::optional<Entry>& own, EntryNo parent,
                            const Stray& stray) {
    const auto item = GDS_TRY(store_.item(wanted.item));
    if (!item) {
        return error(Code::internal, "a wanted row without its item");
    }
    Entry entry;
    entry.parent = parent;
    entry.name = wanted.name;
    entry.item = wanted.item;
    entry.via = wanted.via;
    entry.size = stray.size;
    entry.mtime_ns = stray.mtime_ns;
    const std::string path = join_path(GDS_TRY(store_.path_of(parent)), wanted.name);
    const Status inspected = inspect(*item, path, entry);
    if (!inspected && inspected.error().code == Code::not_found) {
        // Gone since it was scanned.
        GDS_CHECK(forget_stray(stray.n));
        return own ? match(wanted, own->n) : Status();
    }
    GDS_CHECK(inspected);
    GDS_CHECK(store_.db().run("DELETE FROM entry WHERE parent = ? AND name = ? AND n <> ?", parent,
                              wanted.name, own ? own->n : 0));
    if (own) {
        entry.n = own->n;
        GDS_CHECK(store_.update(entry));
        GDS_CHECK(store_.db().run("DELETE FROM drift WHERE entry = ?", own->n));
    } else {
        entry.n = GDS_TRY(store_.insert(entry));
    }
    adopted_ += entry.content.empty() ? 0 : 1;
    GDS_CHECK(forget_stray(stray.n));
    return match(wanted, entry.n);
}

/// Says in `entry.content` whether the file at `path` already is the item's content.
Status Adoption::inspect(const model::Item& item, const std::string& path, Entry& entry) {
    const std::string extension = export_extension(item, options_.export_formats);
    const auto listed = cheapest_digest(item);
    const bool same_time = entry.mtime_ns / 1'000'000 == item.modified_ms;
    entry.modified_ms = same_time ? item.modified_ms : 0;
    if (item.kind == model::ItemKind::document) {
        if (same_time) {
            entry.digest = GDS_TRY(volume_.digest(path, crypto::Algorithm::md5, cancel_));
            entry.content = content_key(item, extension);
        }
        return {};
    }
    if (!item.size || *item.size != entry.size) {
        return {};
    }
    if (!listed) {
        entry.unverified = same_time;
        entry.content = same_time ? content_key(item, extension) : std::string();
        return {};
    }
    const std::string actual = GDS_TRY(volume_.digest(path, listed->algorithm, cancel_));
    uncommitted_bytes_ += entry.size;
    if (actual == listed->bytes) {
        entry.content = actual;
    } else {
        entry.digest = actual;
    }
    return {};
}

}  // namespace gds::run
