#include "gds/state/store.h"

#include "gds/base/text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gds::state {
namespace {

class StoreTest : public testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(dir_); }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    Store open() {
        auto store = Store::open(path(), "test", opened_);
        EXPECT_TRUE(store.has_value()) << store.error().message;
        return std::move(*store);
    }
    [[nodiscard]] std::string path() const { return (dir_ / "state.db").string(); }

    std::filesystem::path dir_ =
        std::filesystem::temp_directory_path() / ("gds-state-" + random_hex(6));
    Opened opened_ = Opened::existing;
};

model::Item file(const std::string& id, const std::string& parent) {
    model::Item item;
    item.id = id;
    item.parent = parent;
    item.name = "name of " + id;
    item.mime_type = "text/plain";
    item.kind = model::ItemKind::file;
    item.size = 12;
    item.md5 = std::string(16, 'x');
    item.modified_ms = 1776564000123;
    return item;
}

TEST_F(StoreTest, CreatesThenFindsItAgain) {
    {
        Store store = open();
        EXPECT_EQ(opened_, Opened::created);
        ASSERT_TRUE(store.set_meta("volume", "v1").has_value());
    }
    Store again = open();
    EXPECT_EQ(opened_, Opened::existing);
    EXPECT_EQ(again.meta("volume").value(), "v1");
    EXPECT_EQ(again.meta("nothing").value(), "");
}

TEST_F(StoreTest, SetsADamagedFileAside) {
    std::ofstream(path()) << std::string(8192, 'z');
    Store store = open();
    EXPECT_EQ(opened_, Opened::rebuilt);
    EXPECT_TRUE(std::filesystem::exists(path() + ".damaged-test"));
    EXPECT_EQ(store.totals().value().files, 0);
}

class DamagedPageTest : public StoreTest {
protected:
    /// A database of a few hundred pages, as a run leaves it.
    void SetUp() override {
        StoreTest::SetUp();
        Store store = open();
        auto transaction = Transaction::begin(store.db());
        ASSERT_TRUE(transaction);
        for (int i = 0; i < 5000; ++i) {
            ASSERT_TRUE(store.upsert(file("item " + std::to_string(i), "parent")));
        }
        ASSERT_TRUE(transaction->commit());
    }

    /// Past the first tenth, which tells what the file is.
    void damage() const {
        const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path()));
        std::fstream stream(path(), std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(size / 10);
        stream << std::string(static_cast<std::size_t>(size / 2), 'z');
    }
    [[nodiscard]] bool is_marked() const { return std::filesystem::exists(path() + "-open"); }
};

TEST_F(DamagedPageTest, IsMetLateAndSetAsideAtTheNextOpening) {
    damage();
    {
        Store store = open();
        EXPECT_EQ(opened_, Opened::existing);
        const auto met = store.intern("item 4000");
        ASSERT_FALSE(met);
        EXPECT_EQ(met.error().code, Code::invalid_argument);
    }
    EXPECT_TRUE(is_marked());
    auto copy = Store::open_copy(path(), dir_.string());
    ASSERT_TRUE(copy) << copy.error().message;
    EXPECT_EQ(copy->id_of(1).value(), "");
    Store store = open();
    EXPECT_EQ(opened_, Opened::rebuilt);
    EXPECT_TRUE(std::filesystem::exists(path() + ".damaged-test"));
    EXPECT_TRUE(store.upsert(file("anew", "parent")));
}

TEST_F(DamagedPageTest, IsFoundWhereTheLastOpeningWasNotClosed) {
    EXPECT_FALSE(is_marked());
    {
        const Store store = open();
        EXPECT_TRUE(is_marked());
    }
    EXPECT_FALSE(is_marked());
    std::ofstream(path() + "-open").close();  // as a kill leaves it
    damage();
    const Store store = open();
    EXPECT_EQ(opened_, Opened::rebuilt);
}

TEST_F(DamagedPageTest, IsFoundWhereEverythingIsToBeLookedAt) {
    damage();
    const auto store = Store::open(path(), "test", opened_, Check::all);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(opened_, Opened::rebuilt);
}

TEST_F(DamagedPageTest, IsFoundOnceADayWhateverTheClockDoes) {
    constexpr std::int64_t kDay = 24 * 3600 * 1000;
    for (const std::int64_t ago : {kDay, -kDay}) {
        {
            Store store = open();
            ASSERT_TRUE(store.set_meta("last_check_ms", std::to_string(wall_clock_ms() - ago)));
            ASSERT_TRUE(store.db().execute(
                "CREATE TABLE filler AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 "
                "FROM c WHERE x < 20000) SELECT x, hex(randomblob(50)) AS y FROM c"));
        }
        damage();
        const Store store = open();
        EXPECT_EQ(opened_, Opened::rebuilt) << ago;
    }
}

TEST_F(StoreTest, RefusesTheSchemaOfALaterVersion) {
    {
        Store store = open();
        ASSERT_TRUE(store.db().execute("PRAGMA user_version=999").has_value());
    }
    const auto store = Store::open(path(), "test", opened_);
    ASSERT_FALSE(store.has_value());
    EXPECT_NE(store.error().message.find("newer version"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(StoreTest, AnItemSurvivesTheRoundTrip) {
    Store store = open();
    model::Item item = file("child", "folder");
    item.can_download = false;
    item.in_photos = true;
    const ItemNo n = store.upsert(item).value().n;
    EXPECT_EQ(store.upsert(item).value().n, n);
    const auto read = store.item(n).value();
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->parent, "folder");
    EXPECT_EQ(read->md5, item.md5);
    EXPECT_EQ(read->modified_ms, item.modified_ms);
    EXPECT_FALSE(read->can_download);
    EXPECT_TRUE(read->in_photos);
    EXPECT_EQ(store.id_of(n).value(), "child");
}

TEST_F(StoreTest, AnUnchangedItemIsNotWritten) {
    Store store = open();
    ASSERT_TRUE(store.upsert(file("a", "p")).has_value());
    const auto before = sqlite3_total_changes64(store.db().handle());
    ASSERT_TRUE(store.upsert(file("a", "p")).has_value());
    EXPECT_EQ(sqlite3_total_changes64(store.db().handle()), before);
    model::Item renamed = file("a", "p");
    renamed.name = "other";
    ASSERT_TRUE(store.upsert(renamed).has_value());
    EXPECT_GT(sqlite3_total_changes64(store.db().handle()), before);
}

TEST_F(StoreTest, EntriesKnowTheirPaths) {
    Store store = open();
    Entry folder;
    folder.name = "folder";
    folder.folder = true;
    folder.item = store.intern("f").value();
    folder.n = store.insert(folder).value();
    Entry inner;
    inner.parent = folder.n;
    inner.name = "file";
    inner.item = store.intern("i").value();
    inner.size = 7;
    inner.n = store.insert(inner).value();
    EXPECT_EQ(store.path_of(inner.n).value(), "folder/file");
    EXPECT_EQ(store.entry_at(folder.n, "file").value()->n, inner.n);
    EXPECT_EQ(store.entry_of(inner.item, 0).value()->n, inner.n);
    EXPECT_EQ(store.totals().value().bytes, 7);
    EXPECT_FALSE(store.insert(inner).has_value()) << "two entries at one path";
    inner.item = store.intern("other").value();
    EXPECT_EQ(store.insert_unless_taken(inner).value(), 0);
    EXPECT_FALSE(store.entry_of(inner.item, 0).value()) << "nothing is recorded of it";
    inner.name = "other";
    const EntryNo made = store.insert_unless_taken(inner).value();
    EXPECT_EQ(store.entry_of(inner.item, 0).value()->n, made);
    inner.name = "third";
    EXPECT_FALSE(store.insert_unless_taken(inner).has_value()) << "two entries of one item";
}

TEST_F(StoreTest, KnowsWhatIsParkedWhoeverAskedBefore) {
    Store store = open();
    EXPECT_FALSE(store.parked(1, 0).value());
    ASSERT_TRUE(store.unpark(1, 0).has_value());
    Parked parked;
    parked.item = 1;
    {
        Transaction lost = Transaction::begin(store.db()).value();
        ASSERT_TRUE(store.park(parked).has_value());
        EXPECT_TRUE(store.parked(1, 0).value());
    }
    EXPECT_FALSE(store.parked(1, 0).value());
    ASSERT_TRUE(store.park(parked).has_value());
    EXPECT_TRUE(store.parked(1, 0).value());
    Opened opened{};
    Store other = Store::open(path() + "-other", "test", opened).value();
    EXPECT_FALSE(other.parked(1, 0).value());
    other = std::move(store);
    EXPECT_TRUE(other.parked(1, 0).value());
    ASSERT_TRUE(other.unpark(1, 0).has_value());
    EXPECT_FALSE(other.parked(1, 0).value());
}

TEST_F(StoreTest, ATransactionThatIsNotCommittedLeavesNothing) {
    Store store = open();
    {
        Transaction transaction = Transaction::begin(store.db()).value();
        ASSERT_TRUE(store.set_meta("key", "value").has_value());
    }
    EXPECT_EQ(store.meta("key").value(), "");
}

TEST_F(StoreTest, WorkOnACopyIsNeverSeen) {
    {
        Store store = open();
        ASSERT_TRUE(store.set_meta("key", "value").has_value());
    }
    {
        auto copy = Store::open_copy(path(), dir_.string());
        ASSERT_TRUE(copy.has_value()) << copy.error().message;
        EXPECT_EQ(copy->meta("key").value(), "value");
        ASSERT_TRUE(copy->set_meta("key", "changed").has_value());
    }
    EXPECT_EQ(open().meta("key").value(), "value");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 2)
        << "only the database and its journal";
}

TEST_F(StoreTest, ForgetsItemsThatNothingRefersTo) {
    Store store = open();
    const ItemNo kept = store.upsert(file("kept", "p")).value().n;
    const ItemNo held = store.upsert(file("held", "p")).value().n;
    const ItemNo gone = store.upsert(file("gone", "p")).value().n;
    Entry entry;
    entry.name = "held";
    entry.item = held;
    ASSERT_TRUE(store.insert(entry).has_value());
    ASSERT_TRUE(store.forget_items([&](ItemNo n) { return n == kept; }).has_value());
    EXPECT_EQ(store.id_of(gone).value(), "");
    EXPECT_EQ(store.id_of(held).value(), "held");
    EXPECT_EQ(store.id_of(kept).value(), "kept");
}

TEST_F(StoreTest, WhatAnItemRefersToIsKept) {
    Store store = open();
    model::Item shortcut = file("link", "p");
    shortcut.kind = model::ItemKind::shortcut;
    shortcut.target_id = "target";
    const ItemNo kept = store.upsert(shortcut).value().n;
    ASSERT_TRUE(store.forget_items([&](ItemNo n) { return n == kept; }).has_value());
    EXPECT_NE(store.find("target").value(), 0);
    EXPECT_NE(store.find("p").value(), 0);
    EXPECT_FALSE(store.upsert(shortcut).value().changed);
}

TEST_F(StoreTest, AnAbsentItemReadsAsTrashedUntilItIsSeenAgain) {
    Store store = open();
    const ItemNo n = store.upsert(file("a", "p")).value().n;
    EXPECT_FALSE(store.upsert(file("a", "p")).value().changed);
    ASSERT_TRUE(store.set_absent(n, true).has_value());
    EXPECT_TRUE(store.item(n).value()->trashed);
    EXPECT_TRUE(store.standing(n).value().absent);
    EXPECT_FALSE(store.standing(n).value().trashed) << "Drive did not say so";
    EXPECT_TRUE(store.upsert(file("a", "p")).value().changed);
    EXPECT_FALSE(store.item(n).value()->trashed);
}

TEST_F(StoreTest, AFolderStaysListedWhateverDriveSaysOfIt) {
    Store store = open();
    model::Item folder = file("f", "p");
    folder.kind = model::ItemKind::folder;
    const ItemNo n = store.upsert(folder).value().n;
    ASSERT_TRUE(store.set_listed(n, true).has_value());
    EXPECT_FALSE(store.upsert(folder).value().changed);
    folder.name = "other";
    EXPECT_TRUE(store.upsert(folder).value().changed);
    EXPECT_TRUE(store.standing(n).value().listed);
    const auto all_lost = [](ItemNo, Store::Standing& standing) {
        standing.listed = false;
        standing.absent = true;
    };
    ASSERT_TRUE(store.revise(all_lost).has_value());
    EXPECT_FALSE(store.standing(n).value().listed);
    EXPECT_TRUE(store.standing(n).value().absent);
}

TEST_F(StoreTest, ARevisionThatChangesNothingWritesNothing) {
    Store store = open();
    ASSERT_TRUE(store.upsert(file("a", "p")).has_value());
    const auto before = sqlite3_total_changes64(store.db().handle());
    ASSERT_TRUE(store.revise([](ItemNo, Store::Standing&) {}).has_value());
    EXPECT_EQ(sqlite3_total_changes64(store.db().handle()), before);
}

TEST_F(StoreTest, TheTargetsKeyIsNotForgottenWhereTheTargetDoesNotTellIt) {
    Store store = open();
    model::Item shortcut = file("link", "p");
    shortcut.kind = model::ItemKind::shortcut;
    shortcut.target_id = "target";
    shortcut.target_resource_key = "key";
    ASSERT_TRUE(store.upsert(shortcut).has_value());
    const ItemNo n = store.upsert(file("target", "q")).value().n;
    EXPECT_EQ(store.item(n).value()->resource_key, "key");
    EXPECT_FALSE(store.upsert(shortcut).value().changed);
    EXPECT_FALSE(store.upsert(file("target", "q")).value().changed);
}

TEST_F(StoreTest, OldRunsAreForgottenByTheTimeInTheirIds) {
    Store store = open();
    for (const char* id : {"20260101T000000Z-a", "20260301T000000Z-b"}) {
        state::RunRow run;
        run.id = id;
        ASSERT_TRUE(store.add_run(run).has_value());
    }
    ASSERT_TRUE(store.forget_runs_before("20260201T000000Z").has_value());
    const auto runs = store.runs(10).value();
    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].id, "20260301T000000Z-b");
}

/// What a crash in the middle of a transaction leaves: pages written, the journal not yet emptied.
void crash_in_a_transaction(const std::string& path, const std::string& crashed) {
    Opened opened = Opened::existing;
    auto store = Store::open(path, "test", opened);
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->db().execute("PRAGMA cache_size=1"));
    auto transaction = Transaction::begin(store->db());
    ASSERT_TRUE(transaction);
    for (int i = 0; i < 2000; ++i) {
        ASSERT_TRUE(store->set_meta("key" + std::to_string(i), std::string(100, 'x')));
    }
    for (const char* part : {"", "-journal"}) {
        std::filesystem::copy_file(path + part, crashed + part);
    }
}

TEST_F(StoreTest, ACopyRollsBackWhatAKilledRunLeftAndTheOriginalStaysAsItIs) {
    {
        Store store = open();
        ASSERT_TRUE(store.set_meta("before", "kept"));
    }
    const std::string crashed = (dir_ / "crashed.db").string();
    crash_in_a_transaction(path(), crashed);
    const auto size = std::filesystem::file_size(crashed + "-journal");
    ASSERT_GT(size, 0U);
    auto copy = Store::open_copy(crashed, dir_.string());
    ASSERT_TRUE(copy) << copy.error().message;
    EXPECT_EQ(copy->meta("before").value(), "kept");
    EXPECT_EQ(copy->meta("key0").value(), "");
    EXPECT_EQ(std::filesystem::file_size(crashed + "-journal"), size);
}

/// Two transactions, each of which sets a key; the second is committed if `whole`.
Status set_two_keys(Store& store, bool whole) {
    for (const char* key : {"first", "second"}) {
        Transaction transaction = GDS_TRY(Transaction::begin(store.db()));
        GDS_CHECK(store.set_meta(key, "set"));
        if (whole || std::string_view(key) == "first") {
            GDS_CHECK(transaction.commit());
        }
    }
    return {};
}

TEST_F(StoreTest, ABatchMakesItsTransactionsDurableTogether) {
    Store store = open();
    {
        auto batch = Batch::begin(store.db());
        ASSERT_TRUE(batch);
        ASSERT_TRUE(set_two_keys(store, true));
        EXPECT_EQ(Store::open_copy(path(), dir_.string())->meta("first").value(), "");
        ASSERT_TRUE(batch->commit());
    }
    auto copy = Store::open_copy(path(), dir_.string());
    EXPECT_EQ(copy->meta("first").value(), "set");
    EXPECT_EQ(copy->meta("second").value(), "set");
    ASSERT_TRUE(set_two_keys(store, true)) << "what follows is committed by itself again";
}

TEST_F(StoreTest, ABatchGoesBackAsAWhole) {
    Store store = open();
    {
        auto batch = Batch::begin(store.db());
        ASSERT_TRUE(batch);
        ASSERT_TRUE(set_two_keys(store, true));
    }
    EXPECT_EQ(store.meta("second").value(), "");
}

TEST_F(StoreTest, ATransactionThatGoesBackTakesItsBatchAlongAndItIsNoSuccess) {
    Store store = open();
    {
        auto batch = Batch::begin(store.db());
        ASSERT_TRUE(batch);
        ASSERT_TRUE(set_two_keys(store, false));
        EXPECT_FALSE(batch->commit());
    }
    EXPECT_EQ(store.meta("first").value(), "");
    ASSERT_TRUE(set_two_keys(store, true)) << "what follows is committed by itself again";
}

TEST_F(StoreTest, ATransactionThatGoesBackLeavesTheRestOfItsBatch) {
    Store store = open();
    {
        auto batch = Batch::begin(store.db(), Batch::Parts::alone);
        ASSERT_TRUE(batch);
        ASSERT_TRUE(set_two_keys(store, false));
        ASSERT_TRUE(batch->commit());
    }
    EXPECT_EQ(store.meta("first").value(), "set");
    EXPECT_EQ(store.meta("second").value(), "");
}

TEST_F(StoreTest, ABatchThatSqliteRolledBackIsNoSuccess) {
    Store store = open();
    auto batch = Batch::begin(store.db());
    ASSERT_TRUE(batch);
    ASSERT_TRUE(set_two_keys(store, true));
    ASSERT_TRUE(store.db().execute("ROLLBACK"));  // as it does by itself where the disk is full
    EXPECT_FALSE(Transaction::begin(store.db()));
    EXPECT_FALSE(batch->commit());
}

TEST_F(StoreTest, KnowsThatItWasLeftOpenAndHealsOrphans) {
    {
        Store store = open();
        EXPECT_FALSE(store.was_left_open());
        Entry orphan;
        orphan.parent = 77;
        orphan.name = "a";
        ASSERT_TRUE(store.insert(orphan));
    }
    std::ofstream(path() + "-open").put('x');
    Store store = open();
    EXPECT_TRUE(store.was_left_open());
    EXPECT_FALSE(store.entry_at(77, "a").value());
}

TEST_F(StoreTest, ACopyIsMadeWhileARunHoldsTheDatabase) {
    Store store = open();
    ASSERT_TRUE(store.set_meta("volume", "v1"));
    auto copy = Store::open_copy(path(), dir_.string());
    ASSERT_TRUE(copy) << copy.error().message;
    EXPECT_EQ(copy->meta("volume").value(), "v1");
}

TEST_F(StoreTest, ACopyOfADamagedFileIsEmpty) {
    std::ofstream(path()) << std::string(8192, 'z');
    auto copy = Store::open_copy(path(), dir_.string());
    ASSERT_TRUE(copy) << copy.error().message;
    EXPECT_EQ(copy->totals().value().files, 0);
    EXPECT_EQ(std::filesystem::file_size(path()), 8192U);
}

}  // namespace
}  // namespace gds::state
