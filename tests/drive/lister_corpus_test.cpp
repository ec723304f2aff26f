#include "gds/drive/lister.h"
#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

// The flat listing of the account's own corpus, beside the folders.

namespace gds::drive {
namespace {

using testing::Asked;
using testing::FailedWith;
using testing::file;
using testing::Fixture;
using testing::folder;
using ::testing::IsEmpty;
using testing::Json;
using testing::page;
using testing::Reply;
using testing::ScriptedDrive;
using ::testing::SizeIs;

constexpr int kFolders = 600;

/// Wants each folder that the root shows, and keeps what it is told.
class Keeper : public ListingObserver {
public:
    Lister* lister = nullptr;
    std::set<std::string> complete, spared, shown;
    bool corpus_ended = false;
    bool wants_them_again = false;
    std::optional<Error> fail_corpus, fail_end;

    Status items(const std::string&, const std::vector<model::Item>& page) override {
        for (const model::Item& item : page) {
            if (item.kind == model::ItemKind::folder) {
                lister->want_folder_or_corpus(ref_of(item));
            }
        }
        return {};
    }
    Status folder_complete(const std::string& id) override {
        EXPECT_TRUE(complete.insert(id).second) << id;
        return {};
    }
    Status item(const Ref&, const Result<model::Item>&) override { return {}; }
    Status corpus_items(const std::vector<model::Item>& page) override {
        for (const model::Item& item : page) {
            shown.insert(item.id);
        }
        return fail_corpus ? Status(*fail_corpus) : Status();
    }
    Status corpus_complete(const std::vector<Ref>& folders) override {
        corpus_ended = true;
        for (const Ref& folder : folders) {
            spared.insert(folder.id);
            if (wants_them_again) {
                lister->want_folder(folder);
            }
        }
        return fail_end ? Status(*fail_end) : Status();
    }
};

bool is_flat(const Asked& asked) {
    return asked.parameter("corpora") == "user";
}

/// A root of `folders` folders of one file each; `flat` answers the flat listing.
ScriptedDrive::Answer account(int folders, ScriptedDrive::Answer flat) {
    return [folders, flat = std::move(flat)](const Asked& asked) {
        if (is_flat(asked)) {
            return flat(asked);
        }
        std::vector<Json> children;
        for (int i = 0; i < folders && asked.parent() == "root"; ++i) {
            children.push_back(folder("f" + std::to_string(i)));
        }
        return page(asked.parent() == "root" ? children
                                             : std::vector<Json>{file("in " + asked.parent())});
    };
}

/// So many pages; without an end for 0.
ScriptedDrive::Answer pages(int count) {
    return [count](const Asked& asked) {
        const std::string token = asked.parameter("pageToken");
        const int number = token.empty() ? 1 : std::stoi(token);
        return page({file("flat " + std::to_string(number))},
                    number == count ? "" : std::to_string(number + 1));
    };
}

struct CorpusListing {
    explicit CorpusListing(ScriptedDrive::Answer answer)
        : fixture(std::move(answer)), lister(fixture.engine, fixture.api, keeper) {
        keeper.lister = &lister;
    }
    Result<ListingResult> run() {
        lister.want_folder({"root"});
        return lister.run();
    }
    [[nodiscard]] std::ptrdiff_t flat_pages() const {
        const auto asked = fixture.drive.asked();
        return std::count_if(asked.begin(), asked.end(), is_flat);
    }
    [[nodiscard]] std::size_t requests() const { return fixture.drive.asked().size(); }

    Fixture fixture;
    Keeper keeper;
    Lister lister;
};

TEST(ListerCorpus, FewFoldersAreAskedForOneByOne) {
    CorpusListing listing(account(40, pages(1)));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.keeper.complete, SizeIs(41));
    EXPECT_EQ(listing.flat_pages(), 0);
}

TEST(ListerCorpus, ASmallAccountSparesMostOfTheFolders) {
    CorpusListing listing(account(kFolders, pages(3)));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_TRUE(listing.keeper.corpus_ended);
    EXPECT_THAT(listing.keeper.shown, SizeIs(3));
    EXPECT_EQ(listing.flat_pages(), 3);
    EXPECT_LT(listing.requests(), kFolders / 2);
    // Each folder was either listed or handed back.
    EXPECT_EQ(listing.keeper.complete.size() + listing.keeper.spared.size(), kFolders + 1U);
    for (const std::string& id : listing.keeper.spared) {
        EXPECT_EQ(listing.keeper.complete.count(id), 0U);
    }
    const auto asked = listing.fixture.drive.asked();
    const auto flat = std::find_if(asked.begin(), asked.end(), is_flat);
    EXPECT_EQ(flat->parameter("q"), "trashed = false");
    EXPECT_EQ(flat->parameter("includeItemsFromAllDrives"), "");
}

TEST(ListerCorpus, ALargeAccountCostsFewPagesAndEveryFolderIsListed) {
    CorpusListing listing(account(kFolders, pages(0)));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_FALSE(listing.keeper.corpus_ended);
    EXPECT_THAT(listing.keeper.complete, SizeIs(kFolders + 1));
    EXPECT_GT(listing.flat_pages(), 0);
    EXPECT_LE(listing.flat_pages(), 1 + kFolders / 32);
}

/// An account that takes its time, and sees how many folders are asked for at once while a page of
/// the flat listing is on its way.
class SlowAccount {
public:
    using Pause = std::chrono::milliseconds;
    static constexpr Pause kFolderTakes{5};

    static constexpr Pause kPageTakes{50};
    static constexpr int kPages = 6;

    /// Each page shows `ours` files of folders in the source and `others`.
    SlowAccount(int ours, int others) : ours_(ours), others_(others) {}

    Reply operator()(const Asked& asked) {
        if (is_flat(asked)) {
            return flat_page(asked);
        }
        Reply reply = account(kFolders, {})(asked);
        const int now = ++folders_now_;
        if (pages_asked_ > 2) {
            most_ = std::max(most_.load(), now);
        }
        reply.first = [this] {
            std::this_thread::sleep_for(kFolderTakes);
            --folders_now_;
        };
        return reply;
    }
    /// The last page shows one file.
    void shorten_last_page() { short_ = true; }
    /// The last page hangs until it is released.
    void hold_last_page() { held_ = true; }
    void release() { held_ = false; }
    /// Once the folders that were asked for before the first page came are answered.
    [[nodiscard]] int most_folders_at_once() const { return most_; }

private:
    Reply flat_page(const Asked& asked) {
        const int number = ++pages_asked_;
        std::vector<Json> shown;
        const bool is_last = number == kPages;
        for (int i = 0; i < (is_last && short_ ? 1 : ours_ + others_); ++i) {
            const std::string name = asked.parameter("pageToken") + " " + std::to_string(i);
            shown.push_back(file("flat " + name));
            shown.back()["parents"] = {(i < ours_ ? "f" : "other ") + std::to_string(i)};
        }
        Reply reply = page(shown, is_last ? "" : std::to_string(number + 1));
        reply.first = [this, is_last] {
            do {
                std::this_thread::sleep_for(kPageTakes);
            } while (is_last && held_);
        };
        return reply;
    }

    const int ours_, others_;
    std::atomic<bool> held_{false}, short_{false};
    std::atomic<int> pages_asked_{0}, folders_now_{0}, most_{0};
};

TEST(ListerCorpus, WhileItsPagesAreMostlyOursOneFolderIsAskedForAtATime) {
    SlowAccount slow(200, 50);
    CorpusListing listing(std::ref(slow));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(listing.keeper.corpus_ended);
    EXPECT_EQ(slow.most_folders_at_once(), 1);
}

TEST(ListerCorpus, OnceItsLastPageIsHereNoMoreFoldersAreAskedFor) {
    SlowAccount slow(200, 50);
    slow.shorten_last_page();
    CorpusListing listing(std::ref(slow));
    ASSERT_TRUE(listing.run());
    EXPECT_TRUE(listing.keeper.corpus_ended);
    EXPECT_EQ(slow.most_folders_at_once(), 1);
}

TEST(ListerCorpus, APageThatDoesNotComeIsNotWaitedFor) {
    SlowAccount slow(200, 50);
    slow.hold_last_page();
    CorpusListing listing(std::ref(slow));
    const auto result = listing.run();
    slow.release();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_FALSE(listing.keeper.corpus_ended);
    EXPECT_THAT(listing.keeper.complete, SizeIs(kFolders + 1));
    EXPECT_GT(slow.most_folders_at_once(), 1);
}

TEST(ListerCorpus, WherePagesSayLittleFoldersAreAskedForAllTheSame) {
    // Mostly of others; and ours, but so few that the pages allowed would not hold all.
    for (const auto& [ours, others] : {std::pair(50, 200), std::pair(1, 0)}) {
        SlowAccount slow(ours, others);
        CorpusListing listing(std::ref(slow));
        ASSERT_TRUE(listing.run());
        EXPECT_GT(slow.most_folders_at_once(), 1);
    }
}

TEST(ListerCorpus, FoldersThatAreHandedBackMayBeWantedAgain) {
    CorpusListing listing(account(kFolders, pages(2)));
    listing.keeper.wants_them_again = true;
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.keeper.complete, SizeIs(kFolders + 1));
    EXPECT_EQ(listing.requests(), kFolders + 3U);
}

TEST(ListerCorpus, WhateverFailsInItIsNoDoubt) {
    const std::vector<Reply> faults = {testing::refusal(400, "invalid"),
                                       testing::refusal(403, "forbidden"),
                                       testing::refusal(404, "notFound"),
                                       testing::refusal(410, "gone"),
                                       testing::refusal(500, "internalError"),
                                       testing::token_refused(),
                                       {.body = "<html>", .type = "text/html"},
                                       {.body = R"({"files": [{"id": "x")"},
                                       {.body = R"({"files": [], "incompleteSearch": true})"},
                                       {.body = R"({"files": [], "nextPageToken": "2"})"}};
    for (const Reply& fault : faults) {
        for (const std::string at : {"", "2"}) {
            CorpusListing listing(account(64, [&](const Asked& asked) {
                return asked.parameter("pageToken") == at ? fault : pages(3)(asked);
            }));
            const auto result = listing.run();
            ASSERT_TRUE(result) << result.error().message;
            EXPECT_TRUE(result->complete) << fault.body;
            EXPECT_THAT(result->doubts, IsEmpty());
            if (!listing.keeper.corpus_ended) {
                EXPECT_THAT(listing.keeper.complete, SizeIs(65));
            }
        }
    }
}

TEST(ListerCorpus, ADoubtAboutAFolderStays) {
    CorpusListing listing([](const Asked& asked) {
        return asked.parent() == "f0" ? testing::refusal(404, "notFound")
                                      : account(kFolders, pages(2))(asked);
    });
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
    ASSERT_THAT(result->doubts, SizeIs(1));
    EXPECT_EQ(result->doubts[0].folder.id, "f0");
}

TEST(ListerCorpus, RefusedCredentialsEndTheListing) {
    CorpusListing listing(
        account(kFolders, [](const Asked&) { return testing::refusal(401, "authError"); }));
    EXPECT_THAT(listing.run(), FailedWith(Code::unauthenticated));
}

TEST(ListerCorpus, AnErrorOfTheObserverEndsTheListing) {
    const Error full{Code::disk_full, "no room"};
    CorpusListing on_items(account(kFolders, pages(2)));
    on_items.keeper.fail_corpus = full;
    EXPECT_THAT(on_items.run(), FailedWith(Code::disk_full));
    CorpusListing at_end(account(kFolders, pages(2)));
    at_end.keeper.fail_end = full;
    EXPECT_THAT(at_end.run(), FailedWith(Code::disk_full));
}

}  // namespace
}  // namespace gds::drive
