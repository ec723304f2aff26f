#pragma once

#include "gds/base/result.h"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gds::state {

/// Bytes bound as a BLOB; an empty one is NULL.
struct Blob {
    std::string_view bytes;
};

class Query;

/// One SQLite connection with its prepared statements. Not thread-safe.
class Database {
public:
    /// Error: io, disk_full, read_only; invalid_argument where the file is no (sound) database.
    static Result<Database> open(const std::string& path, int flags);

    /// Run statements that return nothing and take no parameters.
    Status execute(const std::string& sql);
    /// Run one statement with parameters to its end.
    template <class... Arguments>
    Status run(const char* sql, const Arguments&... arguments);

    [[nodiscard]] std::int64_t last_rowid() const {
        return sqlite3_last_insert_rowid(handle_.get());
    }
    [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
    /// The last SQLite error as ours, `what` before it.
    [[nodiscard]] Error failure(std::string_view what) const;
    /// A failure said that the file is no (sound) database.
    [[nodiscard]] bool met_damage() const { return met_damage_; }

private:
    friend class Query;
    friend class Transaction;
    friend class Batch;
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    struct Cached {
        std::unique_ptr<sqlite3_stmt, Finalize> statement;
        bool in_use = false;
    };

    explicit Database(sqlite3* handle) : handle_(handle) {}
    /// A statement nobody is stepping through; the address of `sql`, which has to stay, is the key.
    Cached* acquire(const char* sql);

    // Declared before the cache, so that statements go first.
    std::unique_ptr<sqlite3, Close> handle_;
    std::unordered_multimap<const void*, std::unique_ptr<Cached>> cache_;
    mutable bool met_damage_ = false;
    bool batching_ = false;
    bool savepoints_ = false;  ///< transactions in the batch go back by themselves
};

/// One use of a prepared statement: bind by construction, then next() for each row. The statement
/// is reset at the end of its life. Failures to prepare or bind come out of the first next().
class Query {
public:
    template <class... Arguments>
    Query(Database& database, const char* sql, const Arguments&... arguments)
        : Query(Texts::copied, database, sql, arguments...) {}
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    /// True: a row is there to read. False: the end.
    Result<bool> next();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] bool null(int column) const;
    [[nodiscard]] std::string text(int column) const;
    /// Valid until the next next().
    [[nodiscard]] std::string_view view(int column) const;

private:
    friend class Database;
    /// Whether texts may be gone before the first next().
    enum class Texts : bool { copied, borrowed };

    template <class... Arguments>
    Query(Texts texts, Database& database, const char* sql, const Arguments&... arguments)
        : database_(database), cached_(database.acquire(sql)), texts_(texts) {
        if (cached_ != nullptr) {
            int index = 0;
            (bind(++index, arguments), ...);
        }
    }

    void bind(int index, std::int64_t value);
    void bind(int index, int value) { bind(index, std::int64_t{value}); }
    void bind(int index, bool value) { bind(index, std::int64_t{value}); }
    void bind(int index, std::string_view value);
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
    void bind(int index, const char* value) { bind(index, std::string_view(value)); }
    void bind(int index, Blob value);
    void bind(int index, std::nullopt_t);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value) {
            bind(index, *value);
        } else {
            bind(index, std::nullopt);
        }
    }

    Database& database_;
    Database::Cached* cached_;
    Texts texts_;
    bool bind_failed_ = false;
};

template <class... Arguments>
Status Database::run(const char* sql, const Arguments&... arguments) {
    Query query(Query::Texts::borrowed, *this, sql, arguments...);
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
    }
}

/// A transaction that rolls back unless committed. Nesting is an error. While a Batch is alive it
/// is part of that, and its commit makes nothing durable.
class Transaction {
public:
    static Result<Transaction> begin(Database& database);
    ~Transaction();
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    Status commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

/// Gathers transactions into one that waits for the disk: for what can be had again, such as a
/// listing. Rolls back what is not committed.
class Batch {
public:
    /// What a transaction that goes back takes along: the batch, whose commit then fails, or
    /// nothing, for which SQLite copies each page that is changed in it.
    enum class Parts : bool { together, alone };
    static Result<Batch> begin(Database& database, Parts parts = Parts::together);
    ~Batch();
    Batch(Batch&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Batch& operator=(Batch&&) = delete;
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    /// The end of the batch. Error: also where SQLite had to roll back what was in it.
    Status commit();

private:
    explicit Batch(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace gds::state
