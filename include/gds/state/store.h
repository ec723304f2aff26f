#pragma once

#include "gds/base/result.h"
#include "gds/model/item.h"
#include "gds/state/database.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::state {

/// An item's number in the database; 0 is no item.
using ItemNo = std::int64_t;
/// A recorded file or folder of the volume; 0 is the destination's root.
using EntryNo = std::int64_t;
/// A chain of followed shortcuts, by number; 0 is none.
using Via = std::int64_t;

/// A folder whose number is known already.
struct KnownFolder {
    std::string id;
    ItemNo n = 0;
};

/// What the volume holds at one path, as far as it was recorded.
struct Entry {
    EntryNo n = 0;
    EntryNo parent = 0;
    std::string name;
    bool folder = false;
    ItemNo item = 0;  ///< 0: a folder that no item explains any more
    Via via = 0;
    std::int64_t size = 0;
    std::int64_t mtime_ns = 0;     ///< as the file system returned it
    std::int64_t modified_ms = 0;  ///< Drive's modifiedTime that it was set to; 0: not known
    std::string content;  ///< the item's content key that these bytes are; empty: not known
    std::string digest;   ///< raw digest of the bytes (algorithm by length); empty: not known
    bool unverified = false;
};

/// An item that failed and will be tried again.
struct Parked {
    ItemNo item = 0;
    Via via = 0;
    std::string path;
    std::string reason;   ///< a label, such as "mismatch" or "blocked"
    std::string detail;   ///< a sentence
    std::string content;  ///< the content key that failed; another one is tried at once
    std::int64_t attempts = 0;
    std::int64_t next_try_ms = 0;  ///< wall clock
};

/// One line of the run history.
struct RunRow {
    std::string id, command, result, message;
    std::int64_t started_ms = 0, finished_ms = 0;
    int exit_code = 0;
    std::int64_t downloaded = 0, updated = 0, renamed = 0, deleted = 0, failed = 0, bytes = 0;
};

/// For statements that join an item as `i`: the columns that item_in() takes.
inline constexpr std::string_view kItemColumns =
    "i.id, i.kind, i.name, i.mime, i.size, i.md5, i.sha1, i.sha256, i.modified_ms, i.revision,"
    " i.resource_key, i.flags, i.target_mime";
inline constexpr int kItemColumnCount = 13;
/// The item whose columns begin at `first`. Its parent and target are not told.
model::Item item_in(const Query& row, int first);

/// How opening went.
enum class Opened { existing, created, rebuilt };

/// How much of the database an opening looks at.
enum class Check { when_due, all };

class OpenMark;

/// The state database: the remote snapshot, what the volume holds, what is parked, past runs. A
/// cache that can be rebuilt: schema in docs/state-schema.md. Rollback journal and
/// synchronous=FULL, since WAL needs shared memory that NFS does not have.
class Store {
public:
    /// Open or create `path`; a damaged one is renamed to `path`.damaged-SUFFIX and a new one made
    /// (Opened::rebuilt).
    /// Every page is looked at once a day, where the last opening was not closed in order, and by
    /// Check::all; damage that is met later is remembered for the next opening.
    static Result<Store> open(const std::string& path, const std::string& suffix, Opened& opened,
                              Check check = Check::when_due);
    /// A private copy of the database at `path` (empty where there is none) in `directory`, removed
    /// from the directory at once: nothing done to it is ever seen (dry runs). Takes no lock and
    /// needs no write access. Error: busy while a run keeps writing.
    static Result<Store> open_copy(const std::string& path, const std::string& directory);

    Store(Store&& other) noexcept;
    Store& operator=(Store&& other) noexcept;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store();

    /// The last opening came to no orderly end: what was done then may not all be recorded.
    [[nodiscard]] bool was_left_open() const { return was_left_open_; }

    /// The version of the schema that an open database has.
    static int schema_version();

    [[nodiscard]] Database& db() { return db_; }
    /// Damage was met since it was opened.
    [[nodiscard]] bool met_damage() const { return db_.met_damage(); }

    // Settings and facts by name.
    Result<std::string> meta(const std::string& key);
    Status set_meta(const std::string& key, const std::string& value);
    /// 0 where there is no such fact.
    Result<std::int64_t> number(const std::string& key);

    // The remote snapshot.
    /// The number of an id, made if it is new.
    Result<ItemNo> intern(const std::string& id);
    Result<std::string> id_of(ItemNo item);
    /// The number of an id; 0 where it is not known.
    Result<ItemNo> find(const std::string& id);
    struct Upserted {
        ItemNo n = 0;
        bool changed = false;
        ItemNo left = 0;  ///< the folder that it was in before, where that is another
    };
    /// Record an item's present state; writes nothing where nothing changed. An item that was
    /// absent is there again. `folder` may be its parent.
    Result<Upserted> upsert(const model::Item& item, const KnownFolder& folder = {});
    /// An absent item reads as trashed.
    Result<std::optional<model::Item>> item(ItemNo item);
    /// What has this parent, by number. Items may be recorded meanwhile.
    Status for_each_child(ItemNo folder, const std::function<Status(ItemNo, model::Item)>& each);
    /// What is known of an item besides what Drive says of it.
    struct Standing {
        ItemNo parent = 0;
        bool known = false;  ///< more than an id that is referred to
        bool folder = false;
        bool trashed = false;  ///< Drive said so
        bool absent = false;   ///< a complete listing or a look-up did not show it
        bool listed = false;   ///< a folder: all its children are recorded and kept up to date
    };
    Result<Standing> standing(ItemNo item);
    /// Something that lies in this folder, as far as is known, is another account's.
    Result<bool> holds_others(ItemNo folder);
    /// Both write nothing where that was known already.
    Status set_absent(ItemNo item, bool absent);
    Status set_listed(ItemNo item, bool listed);
    /// Nothing is known of it any more but its id and its resource key.
    Status set_unknown(ItemNo item);
    /// Hand every item to `each`; what it changes of the standing is written.
    Status revise(const std::function<void(ItemNo, Standing&)>& each);
    Result<Via> chain(Via outer, ItemNo shortcut);
    /// The shortcuts of a chain, outermost first.
    Result<std::vector<ItemNo>> shortcuts(Via via);
    /// What shortcuts lead to that are there themselves.
    Result<std::vector<ItemNo>> targets();
    /// The folders above those, up to `source` or to the last one that is known.
    Result<std::vector<ItemNo>> folders_above_targets(ItemNo source);
    /// Forget items that `keep` refuses and that no entry, parked row, chain or item refers to.
    Status forget_items(const std::function<bool(ItemNo)>& keep);

    // What the volume holds.
    /// Error: where its parent has an entry of that name.
    Result<EntryNo> insert(const Entry& entry);
    /// The same, but 0 there, and nothing is recorded.
    Result<EntryNo> insert_unless_taken(const Entry& entry);
    Status update(const Entry& entry);
    Status erase(EntryNo entry);
    /// Erases records of what lay in a folder that is not recorded: they describe nothing any more.
    Status erase_orphans();
    Result<std::optional<Entry>> entry(EntryNo entry);
    Result<std::optional<Entry>> entry_of(ItemNo item, Via via);
    Result<std::optional<Entry>> entry_at(EntryNo parent, const std::string& name);
    /// The recorded path; "" for 0.
    Result<std::string> path_of(EntryNo entry);
    struct Totals {
        std::int64_t files = 0, bytes = 0;
    };
    Result<Totals> totals();
    /// The same as the last call of remember_totals counted it, without counting again.
    Result<Totals> remembered_totals();
    Status remember_totals();

    // Parked items.
    Status park(const Parked& parked);
    Status unpark(ItemNo item, Via via);
    Result<std::optional<Parked>> parked(ItemNo item, Via via);
    Result<std::vector<Parked>> parked_items(std::int64_t limit);
    Result<std::map<std::string, std::int64_t>> parked_counts();

    // History.
    Status add_run(const RunRow& run);
    /// Newest first.
    Result<std::vector<RunRow>> runs(int limit);
    /// Forget runs whose id sorts before `id`; ids begin with the time.
    Status forget_runs_before(const std::string& id);

private:
    explicit Store(Database db);
    static Result<Store> open_existing(const std::string& path);
    Result<bool> parks_nothing();
    Status set_flag(ItemNo item, std::int64_t flag, bool on);
    static Result<std::vector<ItemNo>> numbers(Query query);
    Result<bool> is_referred_to(ItemNo item);
    Status check_if_due(const std::string& path, bool suspect);

    Database db_;
    std::unique_ptr<OpenMark> mark_;
    bool was_left_open_ = false;
    std::optional<bool> parks_nothing_;  ///< once somebody asked
    bool met_new_item_ = false;          ///< the last time an item was recorded
};

}  // namespace gds::state
