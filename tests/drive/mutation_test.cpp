// Random damage to a valid page: reading it must never crash, and must never yield anything but
// what the damaged text, read by another parser, plainly says.
#include "gds/base/text.h"
#include "parse.h"
#include "support.h"

#include <gtest/gtest.h>

#include <random>

namespace gds::drive {
namespace {

using testing::FailedWith;
using testing::Json;

std::string valid_page() {
    Json photo = testing::file("f1", "naïve \"q\" \\ 写真.jpg");
    photo["md5Checksum"] = "d41d8cd98f00b204e9800998ecf8427e";
    photo["parents"] = {"p"};
    photo["spaces"] = {"drive", "photos"};
    photo["capabilities"] = {{"canDownload", true}};
    const Json files = {photo, testing::folder("d1"), testing::shortcut("s1", "s", "t1")};
    return Json{{"nextPageToken", "next"}, {"incompleteSearch", false}, {"files", files}}.dump();
}

class Damage {
public:
    explicit Damage(std::uint64_t seed) : random_(seed) {}

    std::string apply(std::string text) {
        for (std::size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
            once(text);
        }
        return text;
    }
    std::size_t below(std::size_t bound) { return random_() % bound; }

private:
    void once(std::string& text) {
        static constexpr std::string_view kBytes = "{}[]\",:\\0-e.ntf \x80\xFF";
        const std::size_t at = below(text.size());
        switch (below(6)) {
            case 0: text[at] = static_cast<char>(below(256)); break;
            case 1: text[at] = kBytes[below(kBytes.size())]; break;
            case 2: text.erase(at, 1 + below(20)); break;
            case 3: text.insert(at, 1, kBytes[below(kBytes.size())]); break;
            case 4: text.insert(at, text.substr(below(text.size()), below(60))); break;
            default: text.resize(at); break;
        }
    }

    std::mt19937_64 random_;
};

std::string repaired(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        result += length == 0 ? "\uFFFD" : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

/// What a page must agree on with the document that it was read from.
void expect_agrees(const Page& page, const std::string& body) {
    const Json document = Json::parse(repaired(body), nullptr, false);
    ASSERT_TRUE(document.is_object()) << body;
    ASSERT_TRUE(document.contains("files") && document["files"].is_array()) << body;
    ASSERT_EQ(page.items.size(), document["files"].size()) << body;
    for (std::size_t i = 0; i < page.items.size(); ++i) {
        const Json& item = document["files"][i];
        ASSERT_EQ(page.items[i].id, item.at("id").get<std::string>()) << body;
        ASSERT_EQ(page.items[i].name, item.at("name").get<std::string>()) << body;
        ASSERT_EQ(page.items[i].mime_type, item.at("mimeType").get<std::string>()) << body;
    }
    const Json token = document.value("nextPageToken", Json());
    ASSERT_EQ(page.next_page_token, token.is_string() ? token.get<std::string>() : "") << body;
    ASSERT_EQ(page.incomplete, document.value("incompleteSearch", Json()) == true) << body;
}

TEST(DamagedPage, IsRefusedOrReadAsWritten) {
    const std::string original = valid_page();
    int refused = 0;
    int accepted = 0;
    for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
        const std::string body = Damage(seed).apply(original);
        const auto page = parse_page(body);
        if (page) {
            ++accepted;
            ASSERT_NO_FATAL_FAILURE(expect_agrees(*page, body)) << "seed " << seed;
        } else {
            ++refused;
            ASSERT_EQ(page.error().code, Code::bad_response) << "seed " << seed;
        }
    }
    // Both sides have to be tried for this test to mean anything.
    EXPECT_GT(refused, 500);
    EXPECT_GT(accepted, 500);
}

TEST(DamagedPage, IsRefusedWhereverItIsCut) {
    const std::string original = valid_page();
    for (std::size_t length = 0; length < original.size(); ++length) {
        EXPECT_THAT(parse_page(original.substr(0, length)), FailedWith(Code::bad_response))
            << length;
    }
    EXPECT_TRUE(parse_page(original));
}

TEST(DamagedFeed, IsRefusedWhereverItIsCut) {
    const Json change = {{"fileId", "f"}, {"file", testing::file("f")}};
    const std::string original =
        Json{{"changes", {change, change}}, {"newStartPageToken", "7"}}.dump();
    for (std::size_t length = 0; length < original.size(); ++length) {
        EXPECT_THAT(parse_changes(original.substr(0, length)), FailedWith(Code::bad_response))
            << length;
    }
    EXPECT_TRUE(parse_changes(original));
}

TEST(DamagedAnswers, NeverCrashAnyReader) {
    const std::string page = valid_page();
    const std::string refusal = testing::refusal(403, "userRateLimitExceeded").body;
    for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
        const std::string body = Damage(seed).apply(seed % 2 == 0 ? page : refusal);
        EXPECT_FALSE(parse_changes(body));
        EXPECT_FALSE(parse_account(body));
        EXPECT_FALSE(parse_start_page_token(body));
        (void)parse_export_links(body);
        http::Response response;
        response.status = 403;
        response.body = body;
        EXPECT_TRUE(classify(response));
    }
}

}  // namespace
}  // namespace gds::drive
