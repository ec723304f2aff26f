#include "gds/drive/lister.h"

#include "support.h"

#include <gtest/gtest.h>

#include <map>

namespace gds::drive {
namespace {

using ::testing::AllOf;
using testing::Asked;
using ::testing::ElementsAre;
using testing::FailedWith;
using testing::file;
using testing::Fixture;
using testing::folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using testing::page;
using testing::Reply;
using testing::ScriptedDrive;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// Keeps all it is told, and walks into every folder.
class Walker : public ListingObserver {
public:
    Lister* lister = nullptr;  ///< where folders are wanted; null for a flat listing
    std::optional<Error> fail_items, fail_complete, fail_item;
    std::map<std::string, std::vector<std::string>> seen;
    std::vector<std::string> complete;
    std::map<std::string, Code> answers;  ///< of want_item; internal for success
    std::function<void()> look = [] {};   ///< at each page

    Status items(const std::string& in, const std::vector<model::Item>& page) override {
        look();
        if (fail_items) {
            return *fail_items;
        }
        for (const model::Item& item : page) {
            seen[in].push_back(item.id);
            if (lister != nullptr && item.kind == model::ItemKind::folder) {
                lister->want_folder(ref_of(item));
            }
        }
        return {};
    }
    Status folder_complete(const std::string& id) override {
        complete.push_back(id);
        return fail_complete ? Status(*fail_complete) : Status{};
    }
    Status item(const Ref& ref, const Result<model::Item>& result) override {
        answers[ref.id] = result ? Code::internal : result.error().code;
        return fail_item ? Status(*fail_item) : Status{};
    }
};

/// A listing of everything below `root`.
struct Listing {
    explicit Listing(ScriptedDrive::Answer answer, Corpus corpus = {})
        : fixture(std::move(answer), std::move(corpus)),
          lister(fixture.engine, fixture.api, walker) {
        walker.lister = &lister;
    }
    Result<ListingResult> run(const std::string& root = "root") {
        lister.want_folder({root});
        return lister.run();
    }

    Fixture fixture;
    Walker walker;
    Lister lister;
};

/// root has two pages and a folder "d" of two pages and "e" of one; `spoil` may change an answer.
using Spoil =
    std::function<std::optional<Reply>(const std::string& parent, const std::string& token)>;

ScriptedDrive::Answer small_tree(Spoil spoil = {}) {
    return [spoil = std::move(spoil)](const Asked& asked) {
        const std::string parent = asked.parent();
        const std::string token = asked.parameter("pageToken");
        if (spoil) {
            if (auto reply = spoil(parent, token)) {
                return *std::move(reply);
            }
        }
        if (parent == "root") {
            return token.empty() ? page({file("r1"), folder("d")}, "root2")
                                 : page({folder("e"), file("r2")});
        }
        if (parent == "d") {
            return token.empty() ? page({file("d1")}, "d2") : page({file("d3")});
        }
        return page({});
    };
}

TEST(Lister, ReadsATreeToItsLastPage) {
    Listing listing(small_tree());
    const auto result = listing.run();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(result->doubts, IsEmpty());
    EXPECT_THAT(listing.walker.seen["root"], ElementsAre("r1", "d", "e", "r2"));
    EXPECT_THAT(listing.walker.seen["d"], ElementsAre("d1", "d3"));
    EXPECT_THAT(listing.walker.complete, UnorderedElementsAre("root", "d", "e"));
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(5));
}

/// The most requests that were under way at once, for 100 folders of so many files.
std::size_t most_at_once(int files) {
    std::vector<Json> folders, children;
    for (int i = 0; i < 100; ++i) {
        folders.push_back(folder("f" + std::to_string(i)));
    }
    for (int i = 0; i < files; ++i) {
        children.push_back(file("c" + std::to_string(i)));
    }
    const Reply wide = page(children);
    Listing listing(
        [&](const Asked& asked) { return asked.parent() == "root" ? page(folders) : wide; });
    std::size_t most = 0;
    listing.walker.look = [&] { most = std::max(most, listing.fixture.engine.pending()); };
    EXPECT_TRUE(listing.run()->complete);
    return most;
}

TEST(Lister, AsksForFewerFoldersAtOnceWhereTheyAreWide) {
    EXPECT_GE(most_at_once(1), 60U);
    EXPECT_LE(most_at_once(1000), 12U);
}

TEST(Lister, APageLargerThanAnyAskedForEndsNothing) {
    Listing listing([](const Asked& asked) {
        std::vector<Json> children(95'000, file("same"));
        children.push_back(folder("d"));
        return page(asked.parent() == "root" ? children : std::vector<Json>{file("in d")});
    });
    EXPECT_TRUE(listing.run()->complete);
    EXPECT_THAT(listing.walker.complete, UnorderedElementsAre("root", "d"));
}

TEST(Lister, NothingWantedIsComplete) {
    Listing listing(small_tree());
    const auto result = listing.lister.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.fixture.drive.asked(), IsEmpty());
}

TEST(Lister, AsksOncePerIdAndForNewOnesInALaterRun) {
    Listing listing(small_tree());
    listing.lister.want_folder({"d"});
    listing.lister.want_folder({"d"});
    ASSERT_TRUE(listing.lister.run());
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(2));
    const auto again = listing.run();
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->complete);
    EXPECT_THAT(listing.walker.complete, UnorderedElementsAre("d", "e", "root"));
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(5));
}

TEST(Lister, AcceptsEmptyPagesBeforeTheEnd) {
    Listing listing([](const Asked& asked) {
        const std::string token = asked.parameter("pageToken");
        const int page_number = token.empty() ? 0 : std::stoi(token);
        return page_number == 5 ? page({file("last")}) : page({}, std::to_string(page_number + 1));
    });
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.walker.seen["root"], ElementsAre("last"));
}

TEST(Lister, ManyFoldersGoThroughTheEnginesConnections) {
    Listing listing([](const Asked& asked) {
        std::vector<Json> children;
        if (asked.parent() == "root") {
            for (int i = 0; i < 300; ++i) {
                children.push_back(folder("f" + std::to_string(i)));
            }
        } else {
            children.push_back(file("in-" + asked.parent()));
        }
        return page(children);
    });
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.walker.complete, SizeIs(301));
    EXPECT_THAT(listing.walker.seen["f299"], ElementsAre("in-f299"));
}

struct Fault {
    const char* name;
    Reply reply;
};

std::vector<Fault> lasting_faults() {
    return {{"InternalError", testing::refusal(500, "internalError")},
            {"BadGateway", {.status = 502, .body = "<html>"}},
            {"Unavailable", testing::refusal(503, "backendError")},
            {"GatewayTimeout", {.status = 504, .body = ""}},
            {"TooManyRequests", testing::refusal(429, "rateLimitExceeded")},
            {"RateLimit", testing::refusal(403, "userRateLimitExceeded")},
            {"Forbidden", testing::refusal(403, "forbidden")},
            {"NotFound", testing::refusal(404, "notFound")},
            {"Gone", testing::refusal(410, "gone")},
            {"BadRequest", testing::refusal(400, "badRequest")},
            {"LongRetryAfter", {.status = 429, .body = "", .headers = {{"Retry-After", "86400"}}}},
            {"Html", {.body = "<html>Sign in</html>", .type = "text/html"}},
            {"Truncated", {.body = R"({"files": [{"id": "x")"}},
            {"CutConnection", {.body = R"({"files": [)", .cut = true}},
            {"Empty", {.body = ""}},
            {"NoFiles", {.body = R"({"incompleteSearch": false})"}},
            {"FilesNull", {.body = R"({"files": null})"}},
            {"FilesObject", {.body = R"({"files": {}})"}},
            {"ErrorWith200", {.body = testing::refusal(500, "internalError").body}},
            {"ItemWithoutName", {.body = R"({"files": [{"id": "x", "mimeType": "a/b",
                          "modifiedTime": "2026-01-01T00:00:00Z"}]})"}},
            {"IncompleteSearch", {.body = R"({"files": [], "incompleteSearch": true})"}},
            {"NoContent", {.status = 204, .body = ""}}};
}

class ListerFault : public ::testing::TestWithParam<Fault> {};

TEST_P(ListerFault, OnAnyPageIsDoubtAboutThatFolderOnly) {
    for (const std::string at : {"", "d2"}) {
        Listing listing(small_tree([&](const std::string& parent, const std::string& token) {
            return parent == "d" && token == at ? std::optional(GetParam().reply) : std::nullopt;
        }));
        const auto result = listing.run();
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_FALSE(result->complete);
        ASSERT_THAT(result->doubts, SizeIs(1));
        EXPECT_EQ(result->doubts[0].folder.id, "d");
        EXPECT_THAT(result->doubts[0].error.message, HasSubstr("listing folder d"));
        EXPECT_THAT(listing.walker.complete, UnorderedElementsAre("root", "e"));
    }
}

TEST_P(ListerFault, ThatPassesLeavesNoDoubt) {
    const int status = GetParam().reply.status;
    const bool retried = status == 200 || status == 204 || status == 429 || status >= 500;
    const std::string name = GetParam().name;
    if (!retried || name == "LongRetryAfter" || name == "IncompleteSearch") {
        return;  // Not a failure that another attempt is made after.
    }
    bool spoiled = false;
    Listing listing(small_tree([&](const std::string& parent, const std::string&) {
        const bool now = parent == "d" && !std::exchange(spoiled, true);
        return now ? std::optional(GetParam().reply) : std::nullopt;
    }));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(spoiled);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.walker.seen["d"], ElementsAre("d1", "d3"));
}

INSTANTIATE_TEST_SUITE_P(Faults, ListerFault, ::testing::ValuesIn(lasting_faults()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(Lister, ADoubtOfAnEarlierRunStays) {
    bool broken = true;
    Listing listing(small_tree([&](const std::string& parent, const std::string&) {
        return parent == "d" && broken ? std::optional(testing::refusal(404, "notFound"))
                                       : std::nullopt;
    }));
    ASSERT_FALSE(listing.run()->complete);
    broken = false;
    const auto again = listing.run("e2");
    ASSERT_TRUE(again);
    EXPECT_THAT(again->doubts, IsEmpty());
    EXPECT_FALSE(again->complete);
}

TEST(Lister, ARefusedTokenRestartsTheFolderOnce) {
    int refusals = 0;
    Listing listing(small_tree([&](const std::string&, const std::string& token) {
        return token == "d2" && refusals++ == 0 ? std::optional(testing::token_refused())
                                                : std::nullopt;
    }));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.walker.seen["d"], ElementsAre("d1", "d1", "d3"));
    EXPECT_THAT(listing.walker.complete, UnorderedElementsAre("root", "d", "e"));
}

TEST(Lister, ATokenThatIsGoneRestartsTheFolderToo) {
    for (const Reply& refused : {testing::refusal(410, "gone"), testing::refusal(400, "invalid"),
                                 Reply{.status = 410, .body = "<html>"}}) {
        int refusals = 0;
        Listing listing(small_tree([&](const std::string&, const std::string& token) {
            return token == "d2" && refusals++ == 0 ? std::optional(refused) : std::nullopt;
        }));
        const auto result = listing.run();
        ASSERT_TRUE(result);
        EXPECT_TRUE(result->complete);
    }
}

TEST(Lister, ATokenRefusedAgainIsDoubt) {
    Listing listing(small_tree([](const std::string&, const std::string& token) {
        return token == "d2" ? std::optional(testing::token_refused()) : std::nullopt;
    }));
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
    ASSERT_THAT(result->doubts, SizeIs(1));
    EXPECT_EQ(result->doubts[0].error.reason, "invalidPageToken");
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(7));
}

TEST(Lister, PagesThatCircleAreDoubt) {
    Listing listing([](const Asked& asked) {
        return page({file("x")}, asked.parameter("pageToken") == "a" ? "b" : "a");
    });
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
    ASSERT_THAT(result->doubts, SizeIs(1));
    EXPECT_EQ(result->doubts[0].error.code, Code::incomplete);
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(3));
}

TEST(Lister, EmptyPagesWithoutEndAreDoubt) {
    int calls = 0;
    Listing listing([&](const Asked&) { return page({}, "token" + std::to_string(++calls)); });
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
}

TEST(Lister, AnOutageCutsALargeListingShort) {
    std::vector<Json> folders;
    for (int i = 0; i < 1'000; ++i) {
        folders.push_back(folder("f" + std::to_string(i)));
    }
    Listing listing([&](const Asked& asked) {
        return asked.parent() == "root" ? page(folders) : testing::refusal(503, "backendError");
    });
    const auto result = listing.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
    EXPECT_LT(listing.fixture.drive.asked().size(), 600U);
    EXPECT_TRUE(std::any_of(result->doubts.begin(), result->doubts.end(), [](const Doubt& doubt) {
        return doubt.error.message.find("not asked for") != std::string::npos;
    }));
}

TEST(Lister, RefusedCredentialsEndTheListing) {
    Listing listing(small_tree([](const std::string& parent, const std::string&) {
        return parent == "d" ? std::optional(testing::refusal(401, "authError")) : std::nullopt;
    }));
    EXPECT_THAT(listing.run(), FailedWith(Code::unauthenticated));
}

TEST(Lister, AStopEndsTheListing) {
    Listing listing(small_tree());
    listing.fixture.cancel.stop(StopReason::terminated);
    EXPECT_THAT(listing.run(), FailedWith(Code::cancelled));
}

TEST(Lister, AnErrorOfTheObserverEndsTheListing) {
    const Error full{Code::disk_full, "no room for the snapshot"};
    Listing on_items(small_tree());
    on_items.walker.fail_items = full;
    EXPECT_THAT(on_items.run(), FailedWith(Code::disk_full));
    Listing on_complete(small_tree());
    on_complete.walker.fail_complete = full;
    EXPECT_THAT(on_complete.run(), FailedWith(Code::disk_full));
    Listing on_item([](const Asked&) { return Reply{.body = file("x").dump()}; });
    on_item.walker.fail_item = full;
    on_item.lister.want_item({"x"});
    EXPECT_THAT(on_item.lister.run(), FailedWith(Code::disk_full));
}

TEST(Lister, AnswersOfAnEndedListingDisturbNobody) {
    Fixture fixture([](const Asked& asked) {
        return asked.parent() == "a" ? testing::refusal(401, "authError") : page({file("x")});
    });
    Walker walker;
    {
        Lister lister(fixture.engine, fixture.api, walker);
        for (const char* id : {"a", "b", "c", "d", "e"}) {
            lister.want_folder({id});
        }
        EXPECT_THAT(lister.run(), FailedWith(Code::unauthenticated));
    }
    fixture.engine.run();
    EXPECT_EQ(fixture.engine.pending(), 0U);
}

TEST(Lister, DeliversItemsThatAreWanted) {
    Listing listing([](const Asked& asked) {
        if (asked.path == "/drive/v3/files/here") {
            return Reply{.body = file("here").dump()};
        }
        return asked.path == "/drive/v3/files/gone" ? testing::refusal(404, "notFound")
                                                    : testing::refusal(403, "forbidden");
    });
    for (const char* id : {"here", "gone", "denied", "here"}) {
        listing.lister.want_item({id});
    }
    const auto result = listing.lister.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_EQ(listing.walker.answers,
              (std::map<std::string, Code>{{"here", Code::internal},
                                           {"gone", Code::not_found},
                                           {"denied", Code::permission_denied}}));
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(3));
}

TEST(Lister, AnItemWithoutAnAnswerIsDoubt) {
    Listing listing([](const Asked&) { return testing::refusal(500, "internalError"); });
    listing.lister.want_item({"x"});
    const auto result = listing.lister.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
    ASSERT_THAT(result->doubts, SizeIs(1));
    EXPECT_EQ(result->doubts[0].folder.id, "x");
    EXPECT_EQ(listing.walker.answers.at("x"), Code::unavailable);
}

TEST(Lister, ReadsAWholeDriveFlat) {
    Listing listing(
        [](const Asked& asked) {
            return asked.parameter("pageToken").empty() ? page({file("a"), folder("b")}, "2")
                                                        : page({file("c")});
        },
        Corpus{"D1"});
    listing.walker.lister = nullptr;
    listing.lister.want_all();
    listing.lister.want_all();
    const auto result = listing.lister.run();
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->complete);
    EXPECT_THAT(listing.walker.seen[""], ElementsAre("a", "b", "c"));
    EXPECT_THAT(listing.walker.complete, ElementsAre(""));
    listing.lister.want_all();
    ASSERT_TRUE(listing.lister.run());
    EXPECT_THAT(listing.fixture.drive.asked(), SizeIs(2));
}

TEST(Lister, AFaultInAFlatListingIsDoubtAboutTheWhole) {
    Listing listing([](const Asked& asked) {
        return asked.parameter("pageToken").empty() ? page({file("a")}, "2")
                                                    : testing::refusal(404, "notFound");
    });
    listing.walker.lister = nullptr;
    listing.lister.want_all();
    const auto result = listing.lister.run();
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->complete);
    ASSERT_THAT(result->doubts, SizeIs(1));
    EXPECT_THAT(result->doubts[0].folder.id, IsEmpty());
}

}  // namespace
}  // namespace gds::drive
