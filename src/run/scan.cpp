#include "scan.h"

#include "content.h"
#include "visibility.h"

namespace gds::run {

using state::Query;
using volume::DirEntry;
using volume::FileType;

namespace {

constexpr std::size_t kExpected = 256;  // folders ahead of the one that is compared

}  // namespace

Scan::Scan(state::Store& store, const volume::Volume& volume, volume::ReadAhead& directories,
           const tree::Filter& filter, ScanOptions options, const Cancel& cancel)
    : store_(store),
      volume_(volume),
      directories_(directories),
      filter_(filter),
      options_(std::move(options)),
      cancel_(cancel) {}

Status Scan::run() {
    // What it finds goes to temporary tables; one transaction saves each look-up its own.
    state::Transaction transaction = GDS_TRY(state::Transaction::begin(store_.db()));
    GDS_CHECK(visit_all());
    return transaction.commit();
}

Status Scan::visit_all() {
    queue_.push_back(Place{});
    while (!queue_.empty()) {
        if (cancel_.stopped()) {
            return error(Code::cancelled, "stopped while scanning the destination");
        }
        const Place place = std::move(queue_.front());
        queue_.pop_front();
        if (queue_.size() > kExpected && queue_[kExpected].on_disk) {
            directories_.expect(queue_[kExpected].path);
        }
        GDS_CHECK(visit(place));
    }
    return {};
}

Result<volume::ReadAhead::Entries> Scan::read(const Place& place) {
    if (!place.on_disk) {
        return volume::ReadAhead::Entries();
    }
    auto entries = directories_.take(place.path);
    const bool gone = !entries && entries.error().code == Code::not_found && !place.path.empty();
    if (!gone) {
        return entries;
    }
    // Since its parent was read. A stray's row stays: there is nothing left to delete.
    if (place.number > 0) {
        GDS_CHECK(drift(place.number, "missing", {}));
    }
    return volume::ReadAhead::Entries();
}

Result<std::vector<Scan::Recorded>> Scan::recorded(const Place& place) {
    std::vector<Recorded> entries;
    if (place.number < 0) {
        return entries;
    }
    Query query(store_.db(),
                "SELECT n, name, folder, size, mtime_ns FROM entry WHERE parent = ?"
                " ORDER BY name",
                place.number);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return entries;
        }
        Recorded entry;
        entry.n = query.integer(0);
        entry.name = query.text(1);
        entry.folder = query.integer(2) != 0;
        entry.size = query.integer(3);
        entry.mtime_ns = query.integer(4);
        entries.push_back(std::move(entry));
    }
}

Status Scan::visit(const Place& place) {
    const auto on_disk = GDS_TRY(read(place));
    const std::vector<Recorded> entries = GDS_TRY(recorded(place));
    auto disk = on_disk.begin();
    auto entry = entries.begin();
    while (disk != on_disk.end() || entry != entries.end()) {
        if (entry == entries.end() || (disk != on_disk.end() && disk->name < entry->name)) {
            GDS_CHECK(stray(place, *disk++));
        } else if (disk == on_disk.end() || entry->name < disk->name) {
            GDS_CHECK(missing(place, *entry++));
        } else {
            GDS_CHECK(both(place, *entry++, *disk++));
        }
    }
    if (options_.progress) {
        options_.progress(files_, bytes_hashed_);
    }
    return {};
}

Result<bool> Scan::is_hidden(const Recorded& entry) {
    return filter_.empty() ? Result<bool>(false) : is_invisible(store_, entry.n);
}

Status Scan::missing(const Place& place, const Recorded& entry) {
    const std::string path = join_path(place.path, entry.name);
    const bool hidden = GDS_TRY(is_hidden(entry));
    if (entry.folder) {
        queue_.push_back(Place{entry.n, path, false});
    } else if (!hidden) {
        ++files_;
    }
    return drift(entry.n, "missing", {});
}

Status Scan::stray(const Place& place, const DirEntry& found) {
    const std::string path = join_path(place.path, found.name);
    const bool folder = found.stat.type == FileType::directory;
    const bool foreign_mount = folder && found.stat.device != volume_.device();
    const bool included =
        folder ? filter_.includes_dir(path) : filter_.includes_file(path, found.stat.size);
    if (foreign_mount || !included || options_.own_files.count(path) != 0) {
        return hold_place(store_, place.number);
    }
    GDS_CHECK(store_.db().run(
        "INSERT INTO stray(parent, name, type, size, mtime_ns) VALUES(?, ?, ?, ?, ?)", place.number,
        found.name, static_cast<std::int64_t>(found.stat.type), found.stat.size,
        found.stat.mtime_ns));
    if (folder) {
        queue_.push_back(Place{-store_.db().last_rowid(), path, true});
    } else {
        ++files_;
    }
    return {};
}

Status Scan::both(const Place& place, const Recorded& entry, const DirEntry& found) {
    const std::string path = join_path(place.path, entry.name);
    const bool hidden = GDS_TRY(is_hidden(entry));
    if (hidden) {
        return hold_place(store_, place.number);
    }
    const FileType expected = entry.folder ? FileType::directory : FileType::file;
    if (found.stat.type != expected) {
        GDS_CHECK(missing(place, entry));
        return stray(place, found);
    }
    if (!entry.folder) {
        ++files_;
        return check_file(path, entry, found.stat);
    }
    if (found.stat.device != volume_.device()) {
        // Something is mounted over a folder of the mirror: what it hides is not gone.
        return error(Code::conflict, path +
                                         ": another file system is mounted on this folder of the "
                                         "mirror; unmount it, or mirror into another directory");
    }
    queue_.push_back(Place{entry.n, path, true});
    return {};
}

Status Scan::check_file(const std::string& path, const Recorded& entry, const volume::Stat& stat) {
    if (stat.size != entry.size) {
        return drift(entry.n, "changed", stat);
    }
    const bool same_time = stat.mtime_ns == entry.mtime_ns;
    if (same_time && !options_.hash_everything) {
        return {};
    }
    const Result<bool> same = same_bytes(path, entry);
    if (!same && same.error().code == Code::not_found) {
        return drift(entry.n, "missing", {});
    }
    const bool equal = GDS_TRY(same);
    if (!equal) {
        return drift(entry.n, "changed", stat);
    }
    return same_time ? Status() : drift(entry.n, "mtime", stat);
}

Result<bool> Scan::same_bytes(const std::string& path, const Recorded& entry) {
    const auto whole = GDS_TRY(store_.entry(entry.n));
    if (!whole) {
        return error(Code::internal, "an entry left the record while it was looked at");
    }
    const std::string& expected = whole->digest.empty() ? whole->content : whole->digest;
    const auto algorithm = algorithm_of(expected);
    if (!algorithm) {
        return false;
    }
    const std::string actual = GDS_TRY(volume_.digest(path, *algorithm, cancel_));
    bytes_hashed_ += entry.size;
    return actual == expected;
}

Status Scan::drift(state::EntryNo entry, const char* what, const volume::Stat& stat) {
    return store_.db().run(
        "INSERT OR REPLACE INTO drift(entry, what, size, mtime_ns)"
        " VALUES(?, ?, ?, ?)",
        entry, what, stat.size, stat.mtime_ns);
}

Result<bool> is_missing(state::Store& store, state::EntryNo entry) {
    Query query(store.db(), "SELECT 1 FROM drift WHERE entry = ? AND what = 'missing'", entry);
    return query.next();
}

Status hold_place(state::Store& store, std::int64_t place) {
    while (place != 0) {
        GDS_CHECK(store.db().run("INSERT OR IGNORE INTO held(place) VALUES(?)", place));
        if (store.db().changes() == 0) {
            return {};
        }
        const char* sql = place > 0 ? "SELECT parent FROM entry WHERE n = ?"
                                    : "SELECT parent FROM stray WHERE n = -?";
        Query query(store.db(), sql, place);
        const bool row = GDS_TRY(query.next());
        place = row ? query.integer(0) : 0;
    }
    return {};
}

}  // namespace gds::run
