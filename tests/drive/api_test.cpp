#include "support.h"

#include <gtest/gtest.h>

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
using ::testing::Not;
using testing::page;
using testing::Reply;
using ::testing::SizeIs;

template <class T>
struct Kept {
    std::optional<Result<T>> result;
    std::function<void(Result<T>)> keep() {
        return [this](Result<T> answer) { result = std::move(answer); };
    }
};

Result<Page> list(Fixture& fixture, const Ref& ref, const std::string& token = "") {
    Kept<Page> kept;
    fixture.api.list_children(ref, token, kept.keep());
    fixture.engine.run();
    return std::move(*kept.result);
}

TEST(ListChildren, AsksForOneParentOfTheUsersCorpus) {
    Fixture fixture([](const Asked&) { return page({file("a")}, "next"); });
    const auto answer = list(fixture, {"it's \\me", "key"}, "token 1");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->next_page_token, "next");
    ASSERT_THAT(fixture.drive.asked(), SizeIs(1));
    const Asked asked = fixture.drive.asked().front();
    EXPECT_EQ(asked.path, "/drive/v3/files");
    EXPECT_EQ(asked.parameter("q"), R"('it\'s \\me' in parents and trashed = false)");
    EXPECT_EQ(asked.parameter("pageSize"), "1000");
    EXPECT_EQ(asked.parameter("pageToken"), "token 1");
    EXPECT_EQ(asked.parameter("supportsAllDrives"), "true");
    EXPECT_EQ(asked.parameter("includeItemsFromAllDrives"), "true");
    EXPECT_THAT(asked.parameter("fields"),
                AllOf(HasSubstr("nextPageToken"), HasSubstr("incompleteSearch"),
                      HasSubstr("md5Checksum"), HasSubstr("capabilities/canDownload")));
    EXPECT_EQ(asked.query.count("corpora") + asked.query.count("driveId"), 0U);
    EXPECT_EQ(asked.query.count("orderBy"), 0U);
    EXPECT_EQ(asked.header("x-goog-drive-resource-keys"), "it's \\me/key");
    EXPECT_THAT(asked.header("accept-encoding"), HasSubstr("gzip"));
    EXPECT_EQ(fixture.engine.counters().requests.at("files.list"), 1);
}

TEST(ListChildren, BindsASharedDrivesFolderToIt) {
    Fixture fixture([](const Asked&) { return page({}); }, Corpus{"D1"});
    ASSERT_TRUE(list(fixture, {"p"}));
    ASSERT_TRUE(list(fixture, {"p", "", "D2"}));
    ASSERT_TRUE(list(fixture, {"p", "", ""}));
    const auto asked = fixture.drive.asked();
    ASSERT_THAT(asked, SizeIs(3));
    EXPECT_EQ(asked[0].parameter("corpora"), "drive");
    EXPECT_EQ(asked[0].parameter("driveId"), "D1");
    EXPECT_EQ(asked[1].parameter("driveId"), "D2");
    EXPECT_EQ(asked[2].query.count("corpora") + asked[2].query.count("driveId"), 0U);
    EXPECT_EQ(asked[0].header("x-goog-drive-resource-keys"), "");
    EXPECT_EQ(asked[0].query.count("pageToken"), 0U);
}

TEST(ListChildren, SaysThatTheListedFolderIsTheParent) {
    Json old = file("a");
    old["parents"] = {"other", "p"};
    Fixture fixture([&](const Asked&) { return page({old, file("b")}); });
    const auto answer = list(fixture, {"p"});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->items[0].parent, "p");
    EXPECT_EQ(answer->items[1].parent, "p");
    const auto of_alias = list(fixture, {"root"});
    ASSERT_TRUE(of_alias);
    EXPECT_EQ(of_alias->items[0].parent, "other");
}

TEST(ListChildren, TriesABrokenPageAgain) {
    for (const Reply& broken :
         {Reply{.body = "<html>Sign in</html>", .type = "text/html"},
          Reply{.body = R"({"files": [)"}, Reply{.body = "{}"}, Reply{.body = ""},
          Reply{.body = R"({"files": [)", .cut = true}, testing::refusal(500, "internalError"),
          testing::refusal(403, "userRateLimitExceeded"),
          Reply{.status = 429, .body = "slow down", .type = "text/plain"}}) {
        int calls = 0;
        Fixture fixture([&](const Asked&) { return ++calls == 1 ? broken : page({file("a")}); });
        const auto answer = list(fixture, {"p"});
        ASSERT_TRUE(answer) << broken.body << answer.error().message;
        EXPECT_THAT(answer->items, SizeIs(1)) << broken.body;
        EXPECT_THAT(fixture.drive.asked(), SizeIs(2)) << broken.body;
    }
}

TEST(ListChildren, GivesUpOnAPageThatStaysBroken) {
    Fixture fixture([](const Asked&) { return Reply{.body = "{}"}; });
    const auto answer = list(fixture, {"p"});
    EXPECT_THAT(answer, FailedWith(Code::bad_response));
    EXPECT_THAT(answer.error().message, AllOf(HasSubstr("files"), Not(HasSubstr("parents"))));
    EXPECT_LE(fixture.drive.asked().size(), 3U);
}

TEST(ListAll, AsksForTheWholeSharedDrive) {
    Fixture fixture([](const Asked&) { return page({file("a")}); }, Corpus{"D1"});
    Kept<Page> kept;
    fixture.api.list_all("t", kept.keep());
    fixture.engine.run();
    ASSERT_TRUE(*kept.result);
    const Asked asked = fixture.drive.asked().front();
    EXPECT_EQ(asked.parameter("q"), "trashed = false");
    EXPECT_EQ(asked.parameter("driveId"), "D1");
    EXPECT_EQ(asked.parameter("pageToken"), "t");
}

TEST(Get, FetchesOneItem) {
    Fixture fixture([](const Asked&) { return Reply{.body = file("a/b").dump()}; });
    const auto item = fixture.api.get(Ref{"a/b", "k"});
    ASSERT_TRUE(item) << item.error().message;
    EXPECT_EQ(item->id, "a/b");
    const Asked asked = fixture.drive.asked().front();
    EXPECT_EQ(asked.path, "/drive/v3/files/a/b");
    EXPECT_EQ(asked.parameter("supportsAllDrives"), "true");
    EXPECT_THAT(asked.parameter("fields"), HasSubstr("trashed"));
    EXPECT_EQ(asked.header("x-goog-drive-resource-keys"), "a/b/k");
    EXPECT_EQ(fixture.engine.counters().requests.at("files.get"), 1);
}

TEST(Get, EncodesTheIdInTheUrl) {
    Fixture fixture([](const Asked&) { return page({}); });
    EXPECT_EQ(fixture.api.media_request({"../x?y"}, 0)
                  .url.rfind(fixture.drive.url() + "/drive/v3/files/..%2Fx%3Fy?", 0),
              0U);
}

TEST(Get, SaysWhatIsGone) {
    Fixture fixture(
        [](const Asked&) { return testing::refusal(404, "notFound", "File not found: x."); });
    const auto item = fixture.api.get(Ref{"x"});
    EXPECT_THAT(item, FailedWith(Code::not_found));
    EXPECT_THAT(item.error().message, AllOf(HasSubstr("File not found"), HasSubstr("files/x")));
    EXPECT_THAT(fixture.drive.asked(), SizeIs(1));
}

TEST(FindChildren, ReadsAllPagesAndComparesWithCase) {
    Fixture fixture([](const Asked& asked) {
        if (asked.parameter("pageToken").empty()) {
            return page({file("1", "O'Brien"), file("2", "o'brien")}, "p2");
        }
        return asked.parameter("pageToken") == "p2"
                   ? page({}, "p3")
                   : page({file("1", "O'Brien"), file("3", "O'Brien")});
    });
    const auto found = fixture.api.find_children({"p"}, "O'Brien");
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_THAT(*found, SizeIs(2));
    EXPECT_EQ((*found)[0].id, "1");
    EXPECT_EQ((*found)[1].id, "3");
    EXPECT_EQ(fixture.drive.asked().front().parameter("q"),
              R"('p' in parents and trashed = false and name = 'O\'Brien')");
}

TEST(FindChildren, IsNotShortInSilence) {
    Fixture incomplete(
        [](const Asked&) { return Reply{.body = R"({"files": [], "incompleteSearch": true})"}; });
    EXPECT_THAT(incomplete.api.find_children({"p"}, "x"), FailedWith(Code::incomplete));
    Fixture circling([](const Asked&) { return page({}, "again"); });
    EXPECT_THAT(circling.api.find_children({"p"}, "x"), FailedWith(Code::incomplete));
    Fixture failing([](const Asked& asked) {
        return asked.parameter("pageToken").empty() ? page({file("1", "x")}, "p2")
                                                    : testing::refusal(500, "internalError");
    });
    EXPECT_THAT(failing.api.find_children({"p"}, "x"), FailedWith(Code::unavailable));
}

TEST(FindChildren, ManyAtOnceEndEachOnItsOwn) {
    Fixture fixture([](const Asked& asked) {
        const std::string parent = asked.parent();
        return asked.parameter("pageToken").empty() ? page({}, parent) : page({file(parent, "x")});
    });
    std::vector<std::string> found(20);
    for (std::size_t i = 0; i < found.size(); ++i) {
        fixture.api.find_children({std::to_string(i)}, "x",
                                  [&found, i](Result<std::vector<model::Item>> items) {
                                      found[i] = items ? items->front().id : "failed";
                                  });
    }
    fixture.engine.run();
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i], std::to_string(i));
    }
}

TEST(FindShared, LooksInTheUsersOwnCorpus) {
    Fixture fixture([](const Asked&) { return page({folder("s", "Team")}); }, Corpus{"D1"});
    const auto found = fixture.api.find_shared("Team");
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, SizeIs(1));
    const Asked asked = fixture.drive.asked().front();
    EXPECT_THAT(asked.parameter("q"), AllOf(HasSubstr("sharedWithMe"), HasSubstr("name = 'Team'")));
    EXPECT_EQ(asked.query.count("corpora"), 0U);
}

TEST(About, SaysWhoseCredentialsTheseAre) {
    Fixture fixture([](const Asked&) {
        return Reply{.body = R"({"user": {"permissionId": "7", "emailAddress": "a@b.example"}})"};
    });
    const auto account = fixture.api.about();
    ASSERT_TRUE(account);
    EXPECT_EQ(account->permission_id, "7");
    EXPECT_EQ(account->email, "a@b.example");
    EXPECT_EQ(fixture.drive.asked().front().path, "/drive/v3/about");
    EXPECT_EQ(fixture.engine.counters().requests.at("about.get"), 1);
}

TEST(SharedDrives, AreFetchedById) {
    Fixture fixture([](const Asked&) { return Reply{.body = R"({"id": "D1", "name": "Team"})"}; });
    const auto drive = fixture.api.shared_drive("D1");
    ASSERT_TRUE(drive);
    EXPECT_EQ(drive->name, "Team");
    EXPECT_EQ(fixture.drive.asked().front().path, "/drive/v3/drives/D1");
    EXPECT_EQ(fixture.engine.counters().requests.at("drives.get"), 1);
}

TEST(Changes, FollowTheUsersFeed) {
    Fixture fixture([](const Asked& asked) {
        return asked.path == "/drive/v3/changes/startPageToken"
                   ? Reply{.body = R"({"startPageToken": "5"})"}
                   : Reply{.body = R"({"changes": [], "newStartPageToken": "6"})"};
    });
    const auto token = fixture.api.start_page_token();
    ASSERT_TRUE(token);
    Kept<ChangePage> kept;
    fixture.api.changes(*token, kept.keep());
    fixture.engine.run();
    ASSERT_TRUE(*kept.result);
    EXPECT_EQ((*kept.result)->new_start_page_token, "6");
    const auto asked = fixture.drive.asked();
    EXPECT_EQ(asked[0].query.count("driveId"), 0U);
    EXPECT_EQ(asked[1].path, "/drive/v3/changes");
    EXPECT_EQ(asked[1].parameter("pageToken"), "5");
    EXPECT_EQ(asked[1].parameter("includeRemoved"), "true");
    EXPECT_EQ(asked[1].parameter("restrictToMyDrive"), "false");
    EXPECT_EQ(asked[1].parameter("includeCorpusRemovals"), "true");
    EXPECT_EQ(asked[1].parameter("includeItemsFromAllDrives"), "true");
    EXPECT_EQ(asked[1].parameter("pageSize"), "1000");
    EXPECT_EQ(fixture.engine.counters().requests.at("changes.list"), 1);
    EXPECT_EQ(fixture.engine.counters().requests.at("changes.getStartPageToken"), 1);
}

TEST(Changes, FollowASharedDrivesFeed) {
    Fixture fixture(
        [](const Asked&) {
            return Reply{.body = R"({"startPageToken": "5", "changes": [], "nextPageToken": "6"})"};
        },
        Corpus{"D1"});
    ASSERT_TRUE(fixture.api.start_page_token());
    Kept<ChangePage> kept;
    fixture.api.changes("5", kept.keep());
    fixture.engine.run();
    ASSERT_TRUE(*kept.result);
    for (const Asked& asked : fixture.drive.asked()) {
        EXPECT_EQ(asked.parameter("driveId"), "D1");
        EXPECT_EQ(asked.query.count("includeCorpusRemovals"), 0U);
    }
}

TEST(Changes, DoNotCircle) {
    Fixture fixture(
        [](const Asked&) { return Reply{.body = R"({"changes": [], "nextPageToken": "5"})"}; });
    Kept<ChangePage> kept;
    fixture.api.changes("5", kept.keep());
    fixture.engine.run();
    EXPECT_THAT(*kept.result, FailedWith(Code::incomplete));
}

TEST(Changes, ReportARefusedToken) {
    Fixture fixture([](const Asked&) { return testing::token_refused(); });
    Kept<ChangePage> kept;
    fixture.api.changes("old", kept.keep());
    fixture.engine.run();
    ASSERT_FALSE(*kept.result);
    EXPECT_EQ(kept.result->error().reason, "invalidPageToken");
}

TEST(ExportLinks, AreFetchedWithTheirTypes) {
    Fixture fixture([](const Asked&) {
        return Reply{.body =
                         R"({"exportLinks": {"application/pdf": "https://docs.google.com/x"}})"};
    });
    const auto links = fixture.api.export_links(Ref{"d"});
    ASSERT_TRUE(links);
    EXPECT_THAT(*links,
                ElementsAre(::testing::Pair("application/pdf", "https://docs.google.com/x")));
    EXPECT_EQ(fixture.drive.asked().front().parameter("fields"), "exportLinks");
}

TEST(MediaRequest, ContinuesByRangeOnly) {
    Fixture fixture([](const Asked&) { return Reply{.body = "bytes", .type = "text/plain"}; });
    ASSERT_TRUE(fixture.engine.fetch(fixture.api.media_request({"f", "k"}, 0)));
    ASSERT_TRUE(fixture.engine.fetch(fixture.api.media_request({"f"}, 3)));
    const auto asked = fixture.drive.asked();
    EXPECT_EQ(asked[0].path, "/drive/v3/files/f");
    EXPECT_EQ(asked[0].parameter("alt"), "media");
    EXPECT_EQ(asked[0].parameter("supportsAllDrives"), "true");
    EXPECT_EQ(asked[0].query.count("acknowledgeAbuse"), 0U);
    EXPECT_EQ(asked[0].header("range"), "");
    EXPECT_EQ(asked[0].header("x-goog-drive-resource-keys"), "f/k");
    EXPECT_THAT(asked[0].header("accept-encoding"), Not(HasSubstr("gzip")));
    EXPECT_EQ(asked[1].header("range"), "bytes=3-");
    EXPECT_EQ(fixture.engine.counters().requests.at("files.media"), 2);
}

TEST(MediaRequest, IsRefusedWithDrivesReason) {
    Fixture fixture(
        [](const Asked&) { return testing::refusal(403, "cannotDownloadAbusiveFile"); });
    const auto answer = fixture.engine.fetch(fixture.api.media_request({"f"}, 0));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(is_permanent_refusal(answer.error()));
    EXPECT_THAT(fixture.drive.asked(), SizeIs(1));
}

TEST(ExportRequest, NamesTheType) {
    Fixture fixture([](const Asked&) { return Reply{.body = "%PDF", .type = "application/pdf"}; });
    ASSERT_TRUE(fixture.engine.fetch(fixture.api.export_request({"d", "k"}, "image/svg+xml")));
    ASSERT_TRUE(
        fixture.engine.fetch(fixture.api.link_request(fixture.drive.url() + "/export?id=d")));
    const auto asked = fixture.drive.asked();
    EXPECT_EQ(asked[0].path, "/drive/v3/files/d/export");
    EXPECT_EQ(asked[0].parameter("mimeType"), "image/svg+xml");
    EXPECT_EQ(asked[0].header("x-goog-drive-resource-keys"), "d/k");
    EXPECT_EQ(asked[1].path, "/export");
    EXPECT_EQ(asked[1].header("x-goog-drive-resource-keys"), "");
    EXPECT_EQ(fixture.engine.counters().requests.at("files.export"), 2);
}

TEST(Refs, FollowItemsAndShortcuts) {
    model::Item item;
    item.id = "s";
    item.resource_key = "k";
    item.drive_id = "D1";
    item.target_id = "t";
    item.target_resource_key = "tk";
    EXPECT_EQ(ref_of(item).id, "s");
    EXPECT_EQ(ref_of(item).resource_key, "k");
    EXPECT_EQ(ref_of(item).drive_id, "D1");
    EXPECT_EQ(target_of(item).id, "t");
    EXPECT_EQ(target_of(item).resource_key, "tk");
    // Not bound to the shortcut's own drive.
    EXPECT_EQ(target_of(item).drive_id, "");
}

TEST(AStoppedRun, EndsCallsAsCancelled) {
    Fixture fixture([](const Asked&) { return page({}); });
    fixture.cancel.stop(StopReason::terminated);
    EXPECT_THAT(fixture.api.get(Ref{"x"}), FailedWith(Code::cancelled));
    EXPECT_THAT(fixture.drive.asked(), IsEmpty());
}

}  // namespace
}  // namespace gds::drive
