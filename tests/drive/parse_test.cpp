#include "parse.h"

#include "gds/base/text.h"
#include "support.h"

#include <gtest/gtest.h>

namespace gds::drive {
namespace {

using model::Item;
using model::ItemKind;
using testing::FailedWith;
using testing::file;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using ::testing::SizeIs;

TEST(ParseItem, ReadsEveryField) {
    const auto item = parse_item(R"({
        "kind": "drive#file", "unknown": {"deep": [1, {"id": "not this"}]},
        "id": "f1", "name": "A/b …", "mimeType": "image/jpeg", "parents": ["p1", "p2"],
        "size": "9007199254740993", "md5Checksum": "d41d8cd98f00b204e9800998ecf8427e",
        "sha1Checksum": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256Checksum": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "modifiedTime": "2026-04-19T02:00:00.123Z", "headRevisionId": "r1", "resourceKey": "k1",
        "driveId": "d1", "trashed": true, "ownedByMe": true, "shared": false,
        "spaces": ["drive", "photos"], "capabilities": {"canDownload": false}})");
    ASSERT_TRUE(item) << item.error().message;
    Item wanted;
    wanted.id = "f1";
    wanted.parent = "p1";
    wanted.more_parents = true;
    wanted.name = "A/b …";
    wanted.mime_type = "image/jpeg";
    wanted.kind = ItemKind::file;
    wanted.size = 9007199254740993;
    wanted.md5 = *from_hex("d41d8cd98f00b204e9800998ecf8427e");
    wanted.sha1 = *from_hex("da39a3ee5e6b4b0d3255bfef95601890afd80709");
    wanted.sha256 = *from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wanted.modified_ms = *parse_rfc3339("2026-04-19T02:00:00.123Z");
    wanted.head_revision = "r1";
    wanted.resource_key = "k1";
    wanted.drive_id = "d1";
    wanted.trashed = true;
    wanted.can_download = false;
    wanted.owned_by_me = true;
    wanted.shared = false;
    wanted.in_photos = true;
    EXPECT_EQ(*item, wanted);
}

TEST(ParseItem, ReadsWhereAShortcutLeads) {
    Json body = testing::shortcut("s", "to", "t1", "text/plain");
    body["shortcutDetails"]["targetResourceKey"] = "tk";
    const auto item = parse_item(body.dump());
    ASSERT_TRUE(item);
    EXPECT_EQ(item->kind, ItemKind::shortcut);
    EXPECT_EQ(item->target_id, "t1");
    EXPECT_EQ(item->target_mime_type, "text/plain");
    EXPECT_EQ(item->target_resource_key, "tk");
}

TEST(ParseItem, TakesASizeAsANumberAndNullAsAbsent) {
    Json body = file("f");
    body["size"] = 7;
    body["parents"] = nullptr;
    body["md5Checksum"] = nullptr;
    const auto item = parse_item(body.dump());
    ASSERT_TRUE(item) << item.error().message;
    EXPECT_EQ(item->size, 7);
    EXPECT_THAT(item->parent, IsEmpty());
    EXPECT_TRUE(item->can_download);
}

TEST(ParseItem, ADocumentsSizeIsNotKept) {
    Json body = file("d");
    body["mimeType"] = "application/vnd.google-apps.document";
    const auto item = parse_item(body.dump());
    ASSERT_TRUE(item);
    EXPECT_EQ(item->kind, ItemKind::document);
    EXPECT_EQ(item->size, std::nullopt);
}

TEST(ParseItem, AFolderNeedsNoTime) {
    Json body = testing::folder("d");
    body.erase("modifiedTime");
    EXPECT_TRUE(parse_item(body.dump()));
}

TEST(ParseItem, TreatsAMisshapenChecksumAsAbsent) {
    for (const char* text : {"", "d41d8cd98f00b204", "zz1d8cd98f00b204e9800998ecf8427e"}) {
        Json body = file("f");
        body["md5Checksum"] = text;
        const auto item = parse_item(body.dump());
        ASSERT_TRUE(item) << text;
        EXPECT_TRUE(item->md5.empty()) << text;
    }
}

TEST(ParseItem, KeepsAnyName) {
    for (const std::string name : {"..", "", "a\nb\tc", "\\\"'", "e\u0301", "\U0001F4A9"}) {
        const auto item = parse_item(file("f", name).dump());
        ASSERT_TRUE(item) << name;
        EXPECT_EQ(item->name, name);
    }
    const auto zero = parse_item(file("f", std::string("a\0b", 3)).dump());
    ASSERT_TRUE(zero);
    EXPECT_EQ(zero->name, std::string("a\0b", 3));
}

TEST(ParseItem, ReplacesInvalidUtf8) {
    const std::string body = R"({"id":"f","mimeType":"a/b","modifiedTime":"2026-01-01T00:00:00Z",)"
                             "\"name\":\"x\xFFy\xC3\"}";
    const auto item = parse_item(body);
    ASSERT_TRUE(item) << item.error().message;
    EXPECT_EQ(item->name, "x\uFFFDy\uFFFD");
}

/// Half of a character that UTF-16 takes two units for.
TEST(ParseItem, ReplacesLoneSurrogates) {
    const std::pair<std::string, std::string> names[] = {
        {R"(\ud83d)", "\uFFFD"},
        {R"(a\uDE00b)", "a\uFFFDb"},
        {R"(\ud83d\ude00)", "\U0001F600"},
        {R"(\ud83d\ud83d\ude00\ude00)", "\uFFFD\U0001F600\uFFFD"},
        {R"(\ud83d\n\u00e9)", "\uFFFD\n\u00e9"},
        {R"(\\ud83d)", R"(\ud83d)"},
        {R"(\\\ud83d)", "\\\uFFFD"},
    };
    for (const auto& [written, name] : names) {
        const auto item = parse_item(
            R"({"id":"f","mimeType":"a/b","modifiedTime":"2026-01-01T00:00:00Z","name":")" +
            written + "\"}");
        ASSERT_TRUE(item) << written << ": " << item.error().message;
        EXPECT_EQ(item->name, name) << written;
    }
    for (const std::string broken :
         {R"(\ud83)", R"(\ud83x)", R"(\ud)", R"(\ud83d\)", R"(\udfff\u)"}) {
        EXPECT_THAT(parse_item("{\"name\":\"" + broken + "\"}"), FailedWith(Code::bad_response))
            << broken;
    }
}

struct BadItem {
    const char* what;
    const char* field;
    Json value;
};

class ParseBadItem : public ::testing::TestWithParam<BadItem> {};

TEST_P(ParseBadItem, IsRefusedAloneAndInAPageAndLeftOutOfAFeed) {
    Json body = file("f");
    body[GetParam().field] = GetParam().value;
    EXPECT_THAT(parse_item(body.dump()), FailedWith(Code::bad_response));
    const Json in_page = {{"files", {file("ok"), body}}};
    EXPECT_THAT(parse_page(in_page.dump()), FailedWith(Code::bad_response));
    const Json change = {{"fileId", "f"}, {"file", body}};
    const Json in_feed = {{"changes", {change}}, {"newStartPageToken", "9"}};
    const auto feed = parse_changes(in_feed.dump());
    ASSERT_TRUE(feed) << feed.error().message;
    EXPECT_THAT(feed->changes, IsEmpty());
    EXPECT_THAT(feed->unreadable, Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ParseBadItem,
    ::testing::Values(BadItem{"IdMissing", "id", nullptr}, BadItem{"IdEmpty", "id", ""},
                      BadItem{"IdNumber", "id", 5}, BadItem{"NameMissing", "name", nullptr},
                      BadItem{"NameArray", "name", Json::array()},
                      BadItem{"TypeMissing", "mimeType", nullptr},
                      BadItem{"TypeObject", "mimeType", Json::object()},
                      BadItem{"TimeMissing", "modifiedTime", nullptr},
                      BadItem{"TimeText", "modifiedTime", "yesterday"},
                      BadItem{"TimeNumber", "modifiedTime", 1},
                      BadItem{"SizeNegative", "size", "-1"}, BadItem{"SizeMinus", "size", -1},
                      BadItem{"SizeOverflow", "size", "9223372036854775808"},
                      BadItem{"SizeHuge", "size", 9223372036854775808ULL},
                      BadItem{"SizeReal", "size", 1.5}, BadItem{"SizeWords", "size", "12 bytes"},
                      BadItem{"SizeEmpty", "size", ""}, BadItem{"ParentsText", "parents", "p"},
                      BadItem{"ParentsNumbers", "parents", Json::array({1})},
                      BadItem{"TrashedText", "trashed", "true"},
                      BadItem{"CapabilitiesArray", "capabilities", Json::array()},
                      BadItem{"DetailsText", "shortcutDetails", "x"}),
    [](const auto& instance) { return std::string(instance.param.what); });

TEST(ParsePage, ReadsItemsTokenAndIncompleteSearch) {
    const auto page = parse_page(Json{{"nextPageToken", "n"},
                                      {"incompleteSearch", true},
                                      {"files", {file("a"), testing::folder("b")}}}
                                     .dump());
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_THAT(page->items, SizeIs(2));
    EXPECT_EQ(page->items[0].id, "a");
    EXPECT_EQ(page->items[1].kind, ItemKind::folder);
    // Nothing of one item may reach the next.
    EXPECT_EQ(page->items[1].size, std::nullopt);
    EXPECT_EQ(page->next_page_token, "n");
    EXPECT_TRUE(page->incomplete);
}

TEST(ParsePage, TakesAnEmptyList) {
    const auto page = parse_page(R"({"files": []})");
    ASSERT_TRUE(page);
    EXPECT_THAT(page->items, IsEmpty());
    EXPECT_THAT(page->next_page_token, IsEmpty());
}

TEST(ParsePage, RefusesWhatIsNoPage) {
    for (const char* body :
         {"", " ", "null", "[]", "7", "\"files\"", "{}", R"({"files": null})", R"({"files": {}})",
          R"({"files": [null]})", R"({"files": [[]]})", R"({"files": ["x"]})", R"({"files": [)",
          R"({"files": []} x)", R"({"files": [], "files": []})",
          R"({"files": [], "nextPageToken": 5})", R"({"files": [], "incompleteSearch": "no"})",
          R"({"error": {"code": 500}})", "<html><body>Sign in</body></html>"}) {
        EXPECT_THAT(parse_page(body), FailedWith(Code::bad_response)) << body;
    }
}

TEST(ParsePage, ReadsEscapesInNamesAndKeys) {
    const auto page = parse_page(
        R"({"fil\u0065s": [{"id": "a", "mimeType": "application/vnd.google-apps.folder",)"
        R"( "n\u0061me": "\u00fc \"q\" \ud83d\ude00 \\ end"}], "nextPage\u0054oken": "t\/1"})");
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_THAT(page->items, SizeIs(1));
    EXPECT_EQ(page->items[0].name, "\xC3\xBC \"q\" \xF0\x9F\x98\x80 \\ end");
    EXPECT_EQ(page->next_page_token, "t/1");
}

TEST(ParsePage, LooksAtNoNumberThatNobodyAskedFor) {
    const char* numbers = R"({"files": [], "a": 1e999, "b": -0, "c": 18446744073709551616})";
    EXPECT_TRUE(parse_page(numbers));
}

TEST(ParsePage, TakesASizeAsANumberAsFarAsItGoes) {
    const auto with_size = [](const std::string& size) {
        Json item = file("a");
        item.erase("size");
        std::string text = Json{{"files", {item}}}.dump();
        return parse_page(text.insert(text.find(R"("id")"), R"("size":)" + size + ","));
    };
    const auto largest = with_size("9223372036854775807");
    ASSERT_TRUE(largest) << largest.error().message;
    EXPECT_EQ(largest->items[0].size, 9223372036854775807);
    for (const char* size : {"9223372036854775808", "-1", "1.5", "1e999"}) {
        EXPECT_THAT(with_size(size), FailedWith(Code::bad_response)) << size;
    }
}

TEST(ParsePage, SurvivesDeepNesting) {
    const std::string deep(1'000'000, '[');
    EXPECT_THAT(parse_page(deep), FailedWith(Code::bad_response));
    EXPECT_THAT(parse_page(R"({"files": [], "x": )" + deep), FailedWith(Code::bad_response));
}

TEST(ParsePage, NamesTheItemThatIsBroken) {
    Json broken = file("b7");
    broken.erase("mimeType");
    const auto page = parse_page(Json{{"files", {broken}}}.dump());
    ASSERT_FALSE(page);
    EXPECT_THAT(page.error().message, HasSubstr("b7"));
    EXPECT_THAT(page.error().message, HasSubstr("mimeType"));
}

TEST(ParseChanges, ReadsFilesRemovalsAndDrives) {
    const auto page = parse_changes(R"({"newStartPageToken": "77", "changes": [
        {"changeType": "file", "fileId": "a", "removed": false,
         "file": {"id": "a", "name": "n", "mimeType": "application/vnd.google-apps.folder"}},
        {"changeType": "file", "fileId": "b", "removed": true},
        {"changeType": "drive", "driveId": "d", "removed": true}]})");
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_THAT(page->changes, SizeIs(3));
    ASSERT_TRUE(page->changes[0].item);
    EXPECT_EQ(page->changes[0].item->name, "n");
    EXPECT_EQ(page->changes[1].id, "b");
    EXPECT_TRUE(page->changes[1].removed);
    EXPECT_FALSE(page->changes[1].item);
    EXPECT_EQ(page->changes[2].drive_id, "d");
    EXPECT_THAT(page->changes[2].id, IsEmpty());
    EXPECT_EQ(page->new_start_page_token, "77");
}

TEST(ParseChanges, OnlyTheLastPageHasANewStartToken) {
    const auto page =
        parse_changes(R"({"nextPageToken": "2", "newStartPageToken": "9", "changes": []})");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->next_page_token, "2");
    EXPECT_THAT(page->new_start_page_token, IsEmpty());
}

TEST(ParseChanges, RefusesWhatIsNoFeed) {
    for (const char* body : {"{}", "[]", R"({"changes": []})", R"({"newStartPageToken": "1"})",
                             R"({"changes": {}, "newStartPageToken": "1"})"}) {
        EXPECT_THAT(parse_changes(body), FailedWith(Code::bad_response)) << body;
    }
}

TEST(ParseChanges, LeavesOutWhatItCannotReadAndSaysSo) {
    for (const char* entry :
         {"null", "7", "[]", R"([{"fileId": "a"}])", "{}", R"({"fileId": "a"})",
          R"({"fileId": "a", "file": null})", R"({"fileId": "a", "removed": 1})",
          R"({"fileId": 7, "removed": true})", R"({"changeType": "drive"})",
          R"({"changeType": "news"})", R"({"fileId": "a", "file": {"id": "a", "name": "n"}})",
          R"({"fileId": "a", "file": {"id": "a", "name": 7, "mimeType": "text/plain"}})",
          R"({"fileId": "a", "file": {"id": "b", "name": "n",
              "mimeType": "application/vnd.google-apps.folder"}})"}) {
        const std::string good = R"({"fileId": "good", "removed": true})";
        const auto page = parse_changes(R"({"newStartPageToken": "1", "changes": [)" + good + ", " +
                                        entry + ", " + good + "]}");
        ASSERT_TRUE(page) << entry << page.error().message;
        EXPECT_THAT(page->changes, SizeIs(2)) << entry;
        EXPECT_THAT(page->unreadable, Not(IsEmpty())) << entry;
    }
    const auto page = parse_changes(R"({"newStartPageToken": "1", "changes": []})");
    ASSERT_TRUE(page);
    EXPECT_THAT(page->unreadable, IsEmpty());
}

TEST(ParseSmallAnswers, RequireWhatTheyAreFor) {
    const auto account = parse_account(
        R"({"user": {"permissionId": "1", "emailAddress": "a@b.example", "displayName": "A"}})");
    ASSERT_TRUE(account);
    EXPECT_EQ(account->email, "a@b.example");
    EXPECT_THAT(parse_account(R"({"user": {}})"), FailedWith(Code::bad_response));
    EXPECT_THAT(parse_shared_drive(R"({"name": "n"})"), FailedWith(Code::bad_response));
    EXPECT_THAT(parse_start_page_token("{}"), FailedWith(Code::bad_response));
    EXPECT_EQ(*parse_start_page_token(R"({"startPageToken": "5"})"), "5");
    EXPECT_THAT(*parse_export_links("{}"), IsEmpty());
    EXPECT_THAT(parse_export_links(R"({"exportLinks": []})"), FailedWith(Code::bad_response));
    const auto links = parse_export_links(
        R"({"exportLinks": {"application/vnd.x.y": "https://docs.google.com/x", "a/b": "u"}})");
    ASSERT_TRUE(links);
    EXPECT_THAT(*links, ::testing::ElementsAre(
                            ::testing::Pair("application/vnd.x.y", "https://docs.google.com/x"),
                            ::testing::Pair("a/b", "u")));
}

}  // namespace
}  // namespace gds::drive
