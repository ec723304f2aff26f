#include "gds/state/database.h"

#include <fmt/core.h>

#include <system_error>

namespace gds::state {

namespace {

Code code_of(int sqlite_code, int system_errno) {
    switch (sqlite_code & 0xFF) {
        case SQLITE_FULL: return Code::disk_full;
        case SQLITE_READONLY:
        case SQLITE_PERM: return Code::read_only;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Code::invalid_argument;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Code::busy;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN: return errno_error(system_errno, "").code;
        case SQLITE_MISUSE:
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_RANGE: return Code::internal;
        default: return Code::io;
    }
}

}  // namespace

Result<Database> Database::open(const std::string& path, int flags) {
    sqlite3* raw = nullptr;
    // A connection has one thread here, and nobody asks SQLite how much memory it holds.
    [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    const int code = sqlite3_open_v2(path.c_str(), &raw,
                                     flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(raw);
    if (code != SQLITE_OK) {
        return raw == nullptr ? error(Code::internal, "SQLite has no memory")
                              : database.failure(fmt::format("cannot open {}", path));
    }
    return database;
}

Status Database::execute(const std::string& sql) {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return failure("database");
    }
    return {};
}

Error Database::failure(std::string_view what) const {
    const int code = sqlite3_errcode(handle_.get());
    const int system = sqlite3_system_errno(handle_.get());
    std::string text = fmt::format("{}: {}", what, sqlite3_errmsg(handle_.get()));
    if (code != SQLITE_OK && system != 0) {
        text += fmt::format(" ({})", std::generic_category().message(system));
    }
    const Code ours = code_of(code, system);
    if (ours == Code::invalid_argument) {
        met_damage_ = true;
        text += "; the next sync sets the state database aside and makes another";
    }
    return error(ours, std::move(text));
}

Database::Cached* Database::acquire(const char* sql) {
    const auto [first, last] = cache_.equal_range(sql);
    for (auto it = first; it != last; ++it) {
        if (!it->second->in_use) {
            it->second->in_use = true;
            return it->second.get();
        }
    }
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
        SQLITE_OK) {
        return nullptr;
    }
    auto cached = std::make_unique<Cached>();
    cached->statement.reset(raw);
    cached->in_use = true;
    return cache_.emplace(sql, std::move(cached))->second.get();
}

Query::~Query() {
    if (cached_ != nullptr) {
        sqlite3_reset(cached_->statement.get());
        sqlite3_clear_bindings(cached_->statement.get());
        cached_->in_use = false;
    }
}

Result<bool> Query::next() {
    if (cached_ == nullptr || bind_failed_) {
        return database_.failure("database");
    }
    switch (sqlite3_step(cached_->statement.get())) {
        case SQLITE_ROW: return true;
        case SQLITE_DONE: return false;
        default: return database_.failure("database");
    }
}

std::int64_t Query::integer(int column) const {
    return sqlite3_column_int64(cached_->statement.get(), column);
}

bool Query::null(int column) const {
    return sqlite3_column_type(cached_->statement.get(), column) == SQLITE_NULL;
}

std::string Query::text(int column) const {
    return std::string(view(column));
}

std::string_view Query::view(int column) const {
    // sqlite3_column_blob leaves text as it is, so that bytes that are no UTF-8 survive too.
    const auto* bytes =
        static_cast<const char*>(sqlite3_column_blob(cached_->statement.get(), column));
    const int size = sqlite3_column_bytes(cached_->statement.get(), column);
    return bytes == nullptr ? std::string_view{}
                            : std::string_view(bytes, static_cast<std::size_t>(size));
}

void Query::bind(int index, std::int64_t value) {
    bind_failed_ |= sqlite3_bind_int64(cached_->statement.get(), index, value) != SQLITE_OK;
}

void Query::bind(int index, std::string_view value) {
    const char* data = value.data() == nullptr ? "" : value.data();
    const auto keep = texts_ == Texts::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT;
    bind_failed_ |= sqlite3_bind_text64(cached_->statement.get(), index, data, value.size(), keep,
                                        SQLITE_UTF8) != SQLITE_OK;
}

void Query::bind(int index, Blob value) {
    if (value.bytes.empty()) {
        bind(index, std::nullopt);
        return;
    }
    const auto keep = texts_ == Texts::borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT;
    bind_failed_ |= sqlite3_bind_blob64(cached_->statement.get(), index, value.bytes.data(),
                                        value.bytes.size(), keep) != SQLITE_OK;
}

void Query::bind(int index, std::nullopt_t) {
    bind_failed_ |= sqlite3_bind_null(cached_->statement.get(), index) != SQLITE_OK;
}

namespace {

void roll_back(sqlite3* handle) {
    if (sqlite3_get_autocommit(handle) == 0) {
        // What failed is already being reported; SQLite rolls back again at the next open.
        sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

Error lost_batch() {
    return error(Code::io, "the database gave up what was not committed yet");
}

}  // namespace

Result<Transaction> Transaction::begin(Database& database) {
    if (!database.batching_) {
        GDS_CHECK(database.run("BEGIN IMMEDIATE"));
        return Transaction(database);
    }
    if (sqlite3_get_autocommit(database.handle()) != 0) {
        return lost_batch();
    }
    if (database.savepoints_) {
        GDS_CHECK(database.run("SAVEPOINT part"));
    }
    return Transaction(database);
}

Transaction::~Transaction() {
    if (database_ == nullptr) {
        return;
    }
    if (database_->batching_ && database_->savepoints_) {
        // Where SQLite has rolled back all of the batch by itself, Batch::commit() says so.
        sqlite3_exec(database_->handle(), "ROLLBACK TO part; RELEASE part", nullptr, nullptr,
                     nullptr);
    } else {
        roll_back(database_->handle());
    }
}

Status Transaction::commit() {
    if (!database_->batching_) {
        GDS_CHECK(database_->run("COMMIT"));
    } else if (database_->savepoints_) {
        GDS_CHECK(database_->run("RELEASE part"));
    }
    database_ = nullptr;
    return {};
}

Result<Batch> Batch::begin(Database& database, Parts parts) {
    GDS_CHECK(database.run("BEGIN IMMEDIATE"));
    database.batching_ = true;
    database.savepoints_ = parts == Parts::alone;
    return Batch(database);
}

Batch::~Batch() {
    if (database_ != nullptr) {
        database_->batching_ = false;
        roll_back(database_->handle());
    }
}

Status Batch::commit() {
    if (sqlite3_get_autocommit(database_->handle()) != 0) {
        return lost_batch();
    }
    GDS_CHECK(database_->run("COMMIT"));
    std::exchange(database_, nullptr)->batching_ = false;
    return {};
}

}  // namespace gds::state
