#include "redirect.h"

#include "support.h"
#include "web_server.h"

namespace gds::http {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Redirect, ChangesTheMethodAsTheStatusAsks) {
    struct Case {
        int status;
        const char* before;
        const char* after;
    };
    const std::vector<Case> cases{
        {301, "POST", "GET"},  {302, "POST", "GET"}, {303, "PUT", "GET"},
        {307, "POST", "POST"}, {308, "PUT", "PUT"},  {302, "DELETE", "DELETE"},
        {303, "HEAD", "HEAD"}, {301, "GET", "GET"},
    };
    for (const Case& c : cases) {
        Request request = get("https://a.example/");
        request.method = c.before;
        request.body = "body";
        request.headers.add("Content-Type", "text/plain");
        ASSERT_TRUE(redirect(request, c.status, "https://a.example/next"));
        EXPECT_EQ(request.method, c.after) << c.status;
        EXPECT_EQ(request.url, "https://a.example/next");
        const bool kept = std::string_view(c.before) == c.after;
        EXPECT_EQ(request.body, kept ? "body" : "") << c.status << c.before;
        EXPECT_EQ(request.headers.get("Content-Type").has_value(), kept);
    }
}

TEST(Redirect, LeavesCredentialsBehindWhereTheOriginChanges) {
    const std::vector<std::pair<const char*, bool>> cases{
        {"https://a.example/other", true},      {"https://A.example:443/", true},
        {"https://b.example/", false},          {"https://a.example:8443/", false},
        {"https://a.example.evil.org/", false}, {"https://a.example@evil.org/", false},
    };
    for (const auto& [target, kept] : cases) {
        Request request = get("https://a.example/");
        request.headers = {{"authorization", "Basic x"},
                           {"Cookie", "c"},
                           {"Accept", "y"},
                           {"X-Key", "k"},
                           {"range", "bytes=7-"}};
        ASSERT_TRUE(redirect(request, 307, target));
        EXPECT_EQ(request.headers.get("Authorization").has_value(), kept) << target;
        EXPECT_EQ(request.headers.get("Cookie").has_value(), kept) << target;
        EXPECT_EQ(request.headers.get("X-Key").has_value(), kept) << target;
        EXPECT_EQ(request.headers.get("Accept"), "y");
        EXPECT_EQ(request.headers.get("Range"), "bytes=7-");
    }
}

TEST(Redirect, TakesNoBodyToAnotherOrigin) {
    for (const int status : {301, 302, 303, 307, 308}) {
        Request request = get("https://a.example/");
        request.method = "POST";
        request.body = "client_secret=s";
        const Status followed = redirect(request, status, "https://b.example/");
        if (status < 307) {
            ASSERT_TRUE(followed) << status;
            EXPECT_EQ(request.body, "") << status;
        } else {
            EXPECT_THAT(followed, FailedWith(Code::bad_response)) << status;
        }
    }
}

TEST(Redirect, RefusesBadTargets) {
    for (const char* target : {"", "http://a.example/", "ftp://a.example/", "file:///etc/passwd"}) {
        Request request = get("https://a.example/");
        EXPECT_THAT(redirect(request, 302, target), FailedWith(Code::bad_response)) << target;
        EXPECT_EQ(request.url, "https://a.example/");
    }
    Request request = get("http://a.example/");
    EXPECT_TRUE(redirect(request, 302, "https://a.example/"));
}

/// Gives its token to one origin only, and remembers which URLs it was asked about.
class OneOrigin : public Authorizer {
public:
    explicit OneOrigin(std::string origin) : origin_(std::move(origin)) {}
    Result<std::string> authorization(const Request&, const std::string& url) override {
        asked.push_back(url);
        return *origin_of(url) == origin_ ? "Bearer secret" : "";
    }
    Result<bool> refused(const Request&, const Response&) override { return false; }
    std::vector<std::string> asked;

private:
    std::string origin_;
};

class RedirectTest : public ::testing::Test {
protected:
    RedirectTest() {
        web.server.Get("/token", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(request.get_header_value("Authorization"), "text/plain");
        });
        web.server.Get("/to", [](const httplib::Request& request, httplib::Response& response) {
            response.set_redirect(request.get_param_value("url"));
            response.set_content("moved", "text/plain");
        });
        web.server.Get("/nowhere", [](const httplib::Request&, httplib::Response& response) {
            response.status = 302;
        });
        web.start();
    }
    Request to(const std::string& url) { return get(with_query(web.url("/to"), {{"url", url}})); }

    std::atomic<int> loops{0};
    WebServer web;
};

TEST_F(RedirectTest, FollowsARelativeLocationWithCredentials) {
    OneOrigin authorizer(*origin_of(web.url("/")));
    Fixture fixture({}, &authorizer);
    const auto answer = fixture.engine.fetch(to("/token"));
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, "Bearer secret");
    EXPECT_EQ(answer->url, web.url("/token"));
    EXPECT_EQ(fixture.engine.counters().requests.at("other"), 1);
    EXPECT_EQ(fixture.engine.counters().statuses.at(302), 1);
}

TEST_F(RedirectTest, DropsCredentialsOnTheWayToAnotherHost) {
    OneOrigin authorizer(*origin_of(web.url("/")));
    Fixture fixture({}, &authorizer);
    const std::string other = "http://localhost:" + std::to_string(web.port()) + "/token";
    const auto answer = fixture.engine.fetch(to(other));
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, "");
    EXPECT_THAT(authorizer.asked, ElementsAre(to(other).url, other));
    Request own = to(other);
    own.authorize = false;
    own.headers.add("Authorization", "Basic own");
    EXPECT_EQ(fixture.engine.fetch(own)->body, "");
}

TEST_F(RedirectTest, GivesAStreamOnlyTheLastAnswer) {
    Fixture fixture;
    const auto recorder = std::make_shared<Recorder>(to("/token"));
    recorder->wanted.headers.add("Authorization", "own");
    fixture.engine.start(recorder);
    fixture.engine.run();
    EXPECT_THAT(*recorder->answer, Answered(200));
    EXPECT_EQ(recorder->text, "own");
    EXPECT_THAT(recorder->heads, ElementsAre(200));
    EXPECT_EQ(recorder->attempts, 1);
}

TEST_F(RedirectTest, EndsLoopsAndDeadEndsWithoutRetries) {
    web.server.Get("/loop", [this](const httplib::Request&, httplib::Response& response) {
        ++loops;
        response.set_redirect("/loop");
    });
    Fixture fixture;
    const auto loop = fixture.engine.fetch(get(web.url("/loop")));
    ASSERT_THAT(loop, FailedWith(Code::bad_response));
    EXPECT_THAT(loop.error().message, HasSubstr("redirected more than 5 times"));
    EXPECT_EQ(loops, 6);
    const auto nowhere = fixture.engine.fetch(get(web.url("/nowhere")));
    ASSERT_THAT(nowhere, FailedWith(Code::bad_response));
    EXPECT_THAT(nowhere.error().message, HasSubstr("without a Location"));
    EXPECT_THAT(fixture.engine.fetch(to("ftp://127.0.0.1/")), FailedWith(Code::bad_response));
    EXPECT_THAT(fixture.engine.counters().retries, IsEmpty());
}

}  // namespace
}  // namespace gds::http
