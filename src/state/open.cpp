#include "copy.h"
#include "gds/base/fd.h"
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/state/store.h"
#include "open_mark.h"
#include "schema.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

namespace gds::state {

namespace {

constexpr int kVersion = static_cast<int>(std::size(kMigrations));
constexpr const char* kLastCheck = "last_check_ms";
constexpr Millis kCheckInterval = std::chrono::hours(24);

Result<std::int64_t> pragma(Database& db, const char* sql) {
    Query query(db, sql);
    const bool row = GDS_TRY(query.next());
    return row ? query.integer(0) : 0;
}

Status configure(Database& db) {
    // The rollback journal works on NFS, where WAL's shared memory does not; FULL makes a commit
    // survive a power cut. Only one run works on a volume (flock), so the file stays locked to it.
    GDS_CHECK(db.execute("PRAGMA locking_mode=EXCLUSIVE"));
    GDS_CHECK(db.execute("PRAGMA journal_mode=TRUNCATE"));
    GDS_CHECK(db.execute("PRAGMA synchronous=FULL"));
    // The system caches the file too; more than this in here made a listing of 100,000 no faster.
    GDS_CHECK(db.execute("PRAGMA cache_size=-1024"));
    return db.execute("PRAGMA foreign_keys=OFF");
}

Status migrate(Database& db, const std::string& path) {
    const std::int64_t version = GDS_TRY(pragma(db, "PRAGMA user_version"));
    if (version > kVersion) {
        return error(
            Code::io,
            fmt::format("{} was written by a newer version of this program (schema {}, this "
                        "one knows {}): use that version, or move the file away to have it "
                        "rebuilt",
                        path, version, kVersion));
    }
    for (std::int64_t next = version; next < kVersion; ++next) {
        Transaction transaction = GDS_TRY(Transaction::begin(db));
        GDS_CHECK(db.execute(kMigrations[next]));
        GDS_CHECK(db.execute(fmt::format("PRAGMA user_version={}", next + 1)));
        GDS_CHECK(db.execute(fmt::format("PRAGMA application_id={}", kApplicationId)));
        GDS_CHECK(transaction.commit());
    }
    return {};
}

/// A database of this program's, as far as its first page tells.
Status check_identity(Database& db, const std::string& path) {
    const std::int64_t application = GDS_TRY(pragma(db, "PRAGMA application_id"));
    const std::int64_t version = GDS_TRY(pragma(db, "PRAGMA user_version"));
    if (version > 0 && application != kApplicationId) {
        return error(Code::invalid_argument, fmt::format("{} is another program's database", path));
    }
    return {};
}

/// The structure of the file is sound; reads every page once, contents of indexes are not compared.
Status check_pages(Database& db, const std::string& path) {
    Query query(db, "PRAGMA quick_check(1)");
    const bool row = GDS_TRY(query.next());
    if (!row || query.view(0) != "ok") {
        return error(Code::invalid_argument,
                     fmt::format("{} is damaged: {}", path, row ? query.text(0) : "no verdict"));
    }
    return {};
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

Status set_aside(const std::string& path, const std::string& suffix) {
    const std::string aside = fmt::format("{}.damaged-{}", path, suffix);
    if (std::rename(path.c_str(), aside.c_str()) != 0) {
        return errno_error(errno, path);
    }
    // The journal belongs to the damaged file; a new database must not be rolled back with it.
    ::unlink((path + "-journal").c_str());
    log::warn("the state database was damaged; it is set aside and rebuilt from a full listing",
              {{"kept_as", aside}});
    return {};
}

}  // namespace

int Store::schema_version() {
    return kVersion;
}

Result<Store> Store::open_existing(const std::string& path) {
    Store store(GDS_TRY(Database::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)));
    GDS_CHECK(configure(store.db_));
    GDS_CHECK(check_identity(store.db_, path));
    GDS_CHECK(migrate(store.db_, path));
    return store;
}

/// Reading all of a large database takes long, so it is done where something points at damage, and
/// otherwise once a day.
Status Store::check_if_due(const std::string& path, bool suspect) {
    const std::int64_t now = wall_clock_ms();
    std::int64_t last = 0;
    {
        Query query(db_, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?", kLastCheck);
        const bool row = GDS_TRY(query.next());
        last = row ? query.integer(0) : 0;
    }
    const bool due = last > now || now - last >= kCheckInterval.count();
    if (!suspect && !due) {
        return {};
    }
    GDS_CHECK(check_pages(db_, path));
    GDS_CHECK(erase_orphans());
    return due ? set_meta(kLastCheck, std::to_string(now)) : Status();
}

Result<Store> Store::open(const std::string& path, const std::string& suffix, Opened& opened,
                          Check check) {
    opened = exists(path) ? Opened::existing : Opened::created;
    if (opened == Opened::created) {
        // SQLite would let everybody read it; its journal takes the mode over. That the file cannot
        // be made is told when it is opened.
        const Fd made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    }
    auto mark = std::make_unique<OpenMark>(path);
    const bool known_damaged = mark->last() == OpenMark::Last::damaged;
    const bool suspect = check == Check::all || mark->last() != OpenMark::Last::closed;
    const auto attempt = [&]() -> Result<Store> {
        Store store = GDS_TRY(open_existing(path));
        GDS_CHECK(store.check_if_due(path, suspect && opened == Opened::existing));
        return store;
    };
    Result<Store> store = known_damaged && opened == Opened::existing
                              ? error(Code::invalid_argument, path + " is damaged")
                              : attempt();
    const bool damaged = !store && store.error().code == Code::invalid_argument;
    if (damaged) {
        opened = Opened::rebuilt;
        GDS_CHECK(set_aside(path, suffix));
        store = attempt();
    }
    if (store) {
        store->was_left_open_ = mark->last() != OpenMark::Last::closed;
        store->mark_ = std::move(mark);
    }
    return store;
}

Store::Store(Database db) : db_(std::move(db)) {}

Store::Store(Store&& other) noexcept = default;

Store& Store::operator=(Store&& other) noexcept {
    std::swap(db_, other.db_);
    std::swap(mark_, other.mark_);
    std::swap(was_left_open_, other.was_left_open_);
    std::swap(parks_nothing_, other.parks_nothing_);
    return *this;
}

Store::~Store() {
    if (mark_) {
        mark_->close(db_.met_damage());
    }
}

namespace {

/// A directory that nobody else can look into, removed with all in it.
class PrivateDirectory {
public:
    static Result<PrivateDirectory> make(const std::string& above) {
        std::string path = above + "/gdrive-sync-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr) {
            return errno_error(errno, above + ": no room for a copy of the state database");
        }
        return PrivateDirectory(std::move(path));
    }
    ~PrivateDirectory() {
        std::error_code ignored;
        if (!path_.empty()) {
            std::filesystem::remove_all(path_, ignored);
        }
    }
    PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    PrivateDirectory& operator=(PrivateDirectory&&) = delete;
    PrivateDirectory(const PrivateDirectory&) = delete;
    PrivateDirectory& operator=(const PrivateDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace

Result<Store> Store::open_copy(const std::string& path, const std::string& directory) {
    // Open files stay readable without a name, and a crash leaves nothing behind that others see.
    const PrivateDirectory scratch = GDS_TRY(PrivateDirectory::make(directory));
    const std::string copy = scratch.path() + "/state.db";
    if (exists(path)) {
        GDS_CHECK(copy_at_rest(path, copy));
    }
    const OpenMark::Last last = OpenMark::look(path);
    const bool known_damaged = last == OpenMark::Last::damaged;
    Result<Store> store =
        known_damaged ? error(Code::invalid_argument, path + " is damaged") : open_existing(copy);
    if (!store && store.error().code == Code::invalid_argument) {
        log::warn("the state database is damaged; the next sync sets it aside and rebuilds it",
                  {{"database", path}});
        store = open_existing(scratch.path() + "/empty.db");
    }
    if (store) {
        GDS_CHECK(store->db_.execute("PRAGMA journal_mode=MEMORY"));
        GDS_CHECK(store->db_.execute("PRAGMA synchronous=OFF"));
        store->was_left_open_ = last != OpenMark::Last::closed;
    }
    return store;
}

}  // namespace gds::state
