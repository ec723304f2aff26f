#include "gds/http/message.h"

#include "support.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gds::http {
namespace {

using ::testing::Eq;
using testing::FailedWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

Response with_status(int status) {
    Response response;
    response.status = status;
    return response;
}

TEST(Headers, FindNamesWithoutCaseAndGiveTheFirst) {
    Headers headers{{"Content-Type", "text/plain"}};
    headers.add("ETAG", "one");
    headers.add("etag", "two");
    EXPECT_THAT(headers.get("content-type"), Optional(Eq("text/plain")));
    EXPECT_THAT(headers.get("ETag"), Optional(Eq("one")));
    EXPECT_EQ(headers.get("Content"), std::nullopt);
    EXPECT_EQ(headers.all().size(), 3U);
    headers.clear();
    EXPECT_EQ(headers.get("ETag"), std::nullopt);
}

TEST(ClassifyByStatus, MapsStatusesToCodes) {
    EXPECT_EQ(classify_by_status(with_status(200)), std::nullopt);
    EXPECT_EQ(classify_by_status(with_status(206)), std::nullopt);
    const std::vector<std::pair<int, Code>> cases{
        {401, Code::unauthenticated}, {403, Code::permission_denied}, {404, Code::not_found},
        {410, Code::not_found},       {408, Code::timeout},           {429, Code::rate_limited},
        {500, Code::unavailable},     {503, Code::unavailable},       {400, Code::invalid_argument},
        {409, Code::conflict},        {412, Code::conflict},          {304, Code::bad_response},
    };
    for (const auto& [status, code] : cases) {
        const auto refused = classify_by_status(with_status(status));
        ASSERT_TRUE(refused) << status;
        EXPECT_EQ(refused->code, code) << status;
        EXPECT_EQ(refused->http_status, status);
        EXPECT_THAT(refused->message, HasSubstr(std::to_string(status)));
    }
}

TEST(StatusText, NamesWhatIsKnown) {
    EXPECT_EQ(status_text(503), "503 Service Unavailable");
    EXPECT_EQ(status_text(599), "599");
}

TEST(EncodeComponent, KeepsOnlyUnreservedCharacters) {
    EXPECT_EQ(encode_component("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(encode_component("a b/c?d=e&f+g%'"), "a%20b%2Fc%3Fd%3De%26f%2Bg%25%27");
    EXPECT_EQ(encode_component("\xc3\xa9"), "%C3%A9");
    EXPECT_EQ(encode_component(""), "");
}

TEST(WithQuery, AppendsToWhatIsThere) {
    EXPECT_EQ(with_query("http://h/p", {}), "http://h/p");
    EXPECT_EQ(with_query("http://h/p", {{"q", "a=b"}, {"n", "1"}}), "http://h/p?q=a%3Db&n=1");
    EXPECT_EQ(with_query("http://h/p?a=1", {{"b", "2"}}), "http://h/p?a=1&b=2");
}

TEST(OriginOf, FillsInDefaultsAndFoldsCase) {
    EXPECT_EQ(*origin_of("https://Www.Example.COM/a?b"), "https://www.example.com:443");
    EXPECT_EQ(*origin_of("http://user:pw@host/"), "http://host:80");
    EXPECT_EQ(*origin_of("HTTPS://host:8443"), "https://host:8443");
    EXPECT_EQ(*origin_of("https://[::1]:5000/v2/"), "https://[::1]:5000");
}

TEST(OriginOf, RefusesWhatIsNoWebAddress) {
    for (const char* text : {"ftp://host/", "host/path", "", "https://", "file:///etc/passwd",
                             "http://host\n.example/"}) {
        EXPECT_THAT(origin_of(text), FailedWith(Code::invalid_argument)) << text;
    }
}

TEST(OriginOf, SaysTheSameOfAnAddressHoweverOftenAndAfterWhichever) {
    const std::vector<std::pair<std::string, std::string>> urls = {
        {"https://host/a", "https://host:443"},
        {"https://host/b?c#d", "https://host:443"},
        {"https://host", "https://host:443"},
        {"https://host:8443/a", "https://host:8443"},
        {"https://host?u=http://other/", "https://host:443"},
        {"https://host.example/a", "https://host.example:443"},
        {"https://a@host/", "https://host:443"},
        {"http://host/a", "http://host:80"},
        {"https://host/a b", ""},
        {"https://host/a\nb", ""},
        {"https://host\\@other/", ""},
        {"HTTPS:///host/a", "https://host:443"},
        {"HTTPS:///other/a", "https://other:443"},
    };
    for (const auto& [before, unused] : urls) {
        for (const auto& [url, expected] : urls) {
            [[maybe_unused]] const auto first = origin_of(before);
            const auto origin = origin_of(url);
            if (!expected.empty()) {
                EXPECT_EQ(origin.value_or(""), expected) << url << " after " << before;
            }
            // A thread that has asked for nothing else says so, too.
            Result<std::string> fresh = std::string();
            std::thread([&, text = url] { fresh = origin_of(text); }).join();
            EXPECT_EQ(origin.has_value(), fresh.has_value()) << url << " after " << before;
            EXPECT_EQ(origin.value_or(""), fresh.value_or("")) << url << " after " << before;
        }
    }
}

TEST(OriginOf, ShowsNoSecretsOfAnUnreadableUrl) {
    const auto broken = origin_of("ftp//user:hunter2@host/?key=hunter3");
    ASSERT_FALSE(broken);
    EXPECT_THAT(broken.error().message, Not(HasSubstr("hunter")));
}

TEST(LoggableUrl, MasksUserinfoAndDropsTheQuery) {
    EXPECT_EQ(loggable_url("https://h/p?key=secret#part"), "https://h/p");
    EXPECT_EQ(loggable_url("https://user:secret@h:8443/p"), "https://***@h:8443/p");
    EXPECT_EQ(loggable_url("https://token@h/p"), "https://***@h/p");
    EXPECT_EQ(loggable_url("https://:secret@h/p"), "https://***@h/p");
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    using std::chrono::seconds;
    EXPECT_EQ(retry_after(Headers{}), std::nullopt);
    EXPECT_EQ(retry_after(Headers{{"Retry-After", "120"}}), seconds(120));
    EXPECT_EQ(retry_after(Headers{{"retry-after", " 0 "}}), seconds(0));
    const std::string date = "Fri, 31 Dec 1999 23:59:59 GMT";
    EXPECT_EQ(
        retry_after(Headers{{"Date", "Fri, 31 Dec 1999 23:58:59 GMT"}, {"Retry-After", date}}),
        seconds(60));
    EXPECT_EQ(
        retry_after(Headers{{"Date", "Sat, 01 Jan 2000 00:00:00 GMT"}, {"Retry-After", date}}),
        seconds(0));
}

TEST(RetryAfter, IgnoresWhatItCannotRead) {
    for (const char* text : {"soon", "", "12 minutes", "-5x", "1.5"}) {
        EXPECT_EQ(retry_after(Headers{{"Retry-After", text}}), std::nullopt) << text;
    }
    // A date says nothing without the clock it was read from.
    EXPECT_EQ(retry_after(Headers{{"Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"}}), std::nullopt);
    EXPECT_LE(*retry_after(Headers{{"Retry-After", "9000000000000000000"}}),
              std::chrono::hours(24 * 366));
}

}  // namespace
}  // namespace gds::http
