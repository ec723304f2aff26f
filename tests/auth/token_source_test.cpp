#include "gds/auth/token_source.h"

#include "gds/http/engine.h"
#include "support.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <atomic>
#include <thread>

namespace gds::auth {

namespace {

using std::chrono::seconds;
using test::granted;
using test::kAccessToken;
using test::kClientSecret;
using test::kRefreshToken;
using test::LogCapture;
using test::Parameters;
using test::quick_options;
using test::refresh_credentials;
using test::refusal;
using test::Reply;
using test::TokenServer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kDrive = "https://www.googleapis.com";

/// Clocks that stand still until they are moved.
struct FakeTime {
    std::chrono::steady_clock::time_point steady{std::chrono::hours(1)};
    std::int64_t wall_s = 1'780'000'000;

    Clocks clocks() {
        return {[this] { return steady; }, [this] { return wall_s; }};
    }
};

class TokenSourceTest : public testing::Test {
protected:
    TokenSource source(const TokenServer& server, Credentials credentials = refresh_credentials()) {
        return {std::move(credentials), server.url(), kDrive,
                quick_options(),        cancel_,      time_.clocks()};
    }
    static std::string revealed(const Result<AccessToken>& token) {
        EXPECT_TRUE(token.has_value()) << token.error().message;
        return token ? token->token.reveal() : "";
    }

    Cancel cancel_;
    FakeTime time_;
};

TEST_F(TokenSourceTest, PostsTheRefreshGrant) {
    const TokenServer server({granted()});
    TokenSource tokens = source(server);
    const auto token = tokens.token();
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->token.reveal(), kAccessToken);
    EXPECT_EQ(token->scope, kReadonlyScope);
    EXPECT_EQ(token->expires_in_s, 3600);
    EXPECT_THAT(server.requests(), ElementsAre(Parameters{{"grant_type", "refresh_token"},
                                                          {"client_id", "client-id"},
                                                          {"client_secret", kClientSecret},
                                                          {"refresh_token", kRefreshToken}}));
    EXPECT_THAT(tokens.warnings(), IsEmpty());
    EXPECT_EQ(tokens.counters().requests.at("token"), 1);
}

TEST_F(TokenSourceTest, RenewsFiveMinutesBeforeTheEnd) {
    const TokenServer server({granted("first"), granted("second")});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(3299);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(1);
    EXPECT_EQ(revealed(tokens.token()), "second");
}

TEST_F(TokenSourceTest, RenewsAShortLivedTokenAfterNineTenthsOfItsLife) {
    const TokenServer server({granted("first", 100), granted("second", 100)});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(89);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(1);
    EXPECT_EQ(revealed(tokens.token()), "second");
}

TEST_F(TokenSourceTest, TakesFiveMinutesWhereTheLifeIsNotSaid) {
    const TokenServer server(
        {Reply{200, R"({"access_token":"first"})"}, Reply{200, R"({"access_token":"second"})"}});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(269);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(1);
    EXPECT_EQ(revealed(tokens.token()), "second");
}

TEST_F(TokenSourceTest, KeepsAValidTokenWhenItsRenewalFails) {
    LogCapture log;
    const TokenServer server({granted("first"), Reply{503, ""}, granted("second")});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(3400);
    EXPECT_EQ(revealed(tokens.token()), "first") << "one failed attempt, and the old one goes on";
    EXPECT_EQ(server.requests().size(), 2U);
    time_.steady += seconds(29);
    EXPECT_EQ(revealed(tokens.token()), "first") << "not asked again at once";
    EXPECT_EQ(server.requests().size(), 2U);
    time_.steady += seconds(1);
    EXPECT_EQ(revealed(tokens.token()), "second");
    EXPECT_THAT(log.text(), HasSubstr("not renewed yet"));
}

TEST_F(TokenSourceTest, DoesNotUseATokenPastItsEnd) {
    const TokenServer server({granted("first"), refusal("invalid_grant")});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(3600);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().reason, "invalid_grant");
}

TEST_F(TokenSourceTest, TriesAgainAfterServerErrorsAndRateLimits) {
    const TokenServer server(
        {Reply{500, "oops"}, Reply{429, ""}, Reply{200, "not json"}, granted()});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), kAccessToken);
    EXPECT_EQ(server.requests().size(), 4U);
    EXPECT_EQ(tokens.counters().requests.at("token"), 4);
    EXPECT_EQ(tokens.counters().statuses.at(500), 1);
}

TEST_F(TokenSourceTest, ReportsAnAnswerWithoutATokenAsUnavailable) {
    for (const char* body : {"<html>welcome</html>", R"({"token_type":"Bearer"})",
                             R"({"access_token":"split\r\nX-Other: 1"})", "[]", ""}) {
        const TokenServer server([&](const Parameters&) { return Reply{200, body}; });
        TokenSource tokens = source(server);
        const auto token = tokens.token();
        ASSERT_FALSE(token) << body;
        EXPECT_EQ(token.error().code, Code::unavailable);
        EXPECT_THAT(token.error().message, HasSubstr("no access token from " + server.url()));
        EXPECT_GT(server.requests().size(), 1U) << "tried a little";
    }
}

TEST_F(TokenSourceTest, SuspectsAProxyBehindARefusalWithoutAnOAuthError) {
    const TokenServer server([](const Parameters&) { return Reply{403, "<html>denied</html>"}; });
    TokenSource tokens = source(server);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::unavailable);
    EXPECT_EQ(token.error().http_status, 403);
    EXPECT_THAT(token.error().message, HasSubstr("proxy"));
}

TEST_F(TokenSourceTest, ReportsAnEndpointThatIsDownAsUnavailable) {
    std::string url;
    {
        const TokenServer server(std::vector<Reply>{});
        url = server.url();
    }
    TokenSource tokens(refresh_credentials(), url, kDrive, quick_options(), cancel_,
                       time_.clocks());
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::unavailable) << token.error().message;
}

TEST_F(TokenSourceTest, DoesNotHammerAnEndpointThatFails) {
    std::atomic<bool> up = false;
    const TokenServer server([&](const Parameters&) { return up ? granted() : Reply{503, ""}; });
    TokenSource tokens = source(server);
    EXPECT_FALSE(tokens.token());
    const auto asked = server.requests().size();
    up = true;
    EXPECT_FALSE(tokens.token());
    EXPECT_EQ(server.requests().size(), asked);
    time_.steady += seconds(30);
    EXPECT_EQ(revealed(tokens.token()), kAccessToken);
}

struct RefusedCase {
    Reply reply;
    std::string reason;
    std::string advice;
};

class Refused : public testing::TestWithParam<RefusedCase> {};

TEST_P(Refused, IsFinalAndSaysWhatToDo) {
    LogCapture log;
    Cancel cancel;
    const TokenServer server({GetParam().reply});
    TokenSource tokens(refresh_credentials(), server.url(), kDrive, quick_options(), cancel);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::unauthenticated) << token.error().message;
    EXPECT_EQ(token.error().reason, GetParam().reason);
    EXPECT_THAT(token.error().message,
                AllOf(HasSubstr(GetParam().advice), HasSubstr("environment")));
    EXPECT_FALSE(tokens.token()) << "asked once only: a second request would fail the test";
    test::expect_no_secret(token.error().message + log.text());
}

INSTANTIATE_TEST_SUITE_P(
    OAuthErrors, Refused,
    testing::Values(
        RefusedCase{refusal("invalid_grant", "Token has been expired or revoked."), "invalid_grant",
                    "invalid_grant: Token has been expired or revoked.): the refresh token has "
                    "ended. Most often the OAuth consent screen is still in publishing status "
                    "Testing, where refresh tokens end after 7 days"},
        RefusedCase{refusal("invalid_grant", "Bad Request"), "invalid_grant",
                    "unused for six months"},
        RefusedCase{refusal("invalid_grant", "reauth related error", "invalid_rapt"),
                    "invalid_grant", "invalid_rapt: reauth related error): the Workspace domain"},
        RefusedCase{refusal("invalid_client", "The OAuth client was not found."), "invalid_client",
                    "Copy both anew"},
        RefusedCase{refusal("deleted_client"), "deleted_client", "idle for six months"},
        RefusedCase{refusal("unauthorized_client"), "unauthorized_client",
                    "not issued to this client"},
        RefusedCase{refusal("admin_policy_enforced"), "admin_policy_enforced", "administrator"},
        RefusedCase{refusal("org_internal"), "org_internal", "External"},
        RefusedCase{refusal("invalid_request"), "invalid_request", "gdrive-sync auth check"},
        RefusedCase{Reply{403, R"({"error":{"status":"PERMISSION_DENIED","message":"no"}})"},
                    "PERMISSION_DENIED", "PERMISSION_DENIED: no"}));

TEST_F(TokenSourceTest, MasksASecretThatTheEndpointQuotes) {
    const TokenServer server({refusal(
        "invalid_grant", std::string("unknown token ") + kRefreshToken + " of " + kClientSecret)});
    TokenSource tokens = source(server);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_THAT(token.error().message, HasSubstr("unknown token *** of ***"));
    test::expect_no_secret(token.error().message);
}

TEST_F(TokenSourceTest, MakesControlCharactersOfTheEndpointVisible) {
    const TokenServer server({refusal("invalid_grant", "bad\x1b[31m\nnews")});
    TokenSource tokens = source(server);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message.find('\x1b'), std::string::npos);
    EXPECT_EQ(token.error().message.find('\n'), std::string::npos);
}

TEST_F(TokenSourceTest, TakesARateLimitInOAuthClothingForOne) {
    const TokenServer server({Reply{403, R"({"error":"rate_limit_exceeded"})"}, granted()});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), kAccessToken);
}

TEST_F(TokenSourceTest, RefusesATokenThatMayNotReadDrive) {
    const TokenServer server(
        {granted(kAccessToken, 3600, "openid https://www.googleapis.com/auth/drive.file")});
    TokenSource tokens = source(server);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::unauthenticated);
    EXPECT_EQ(token.error().reason, "insufficient_scope");
    EXPECT_THAT(token.error().message, HasSubstr("auth login"));
    const auto value = tokens.authorization({}, std::string(kDrive) + "/drive/v3/files");
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().reason, "insufficient_scope");
}

TEST_F(TokenSourceTest, WarnsOnceOfAScopeThatCanWrite) {
    LogCapture log;
    const std::string wide = "https://www.googleapis.com/auth/drive";
    const TokenServer server({granted("first", 3600, wide), granted("second", 3600, wide)});
    TokenSource tokens = source(server);
    EXPECT_EQ(revealed(tokens.token()), "first");
    time_.steady += seconds(3600);
    EXPECT_EQ(revealed(tokens.token()), "second");
    EXPECT_THAT(tokens.warnings(), ElementsAre(HasSubstr("scope " + wide)));
    const std::string text = log.text();
    const auto first = text.find("more than read Drive");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(text.find("more than read Drive", first + 1), std::string::npos);
}

TEST_F(TokenSourceTest, GivesItsTokenToDriveAndDocsOnly) {
    const TokenServer server({granted()});
    TokenSource tokens = source(server);
    const std::string bearer = std::string("Bearer ") + kAccessToken;
    for (const char* url :
         {"https://www.googleapis.com/drive/v3/files?q=x", "https://WWW.googleapis.com:443/drive",
          "https://docs.google.com/feeds"}) {
        const auto value = tokens.authorization({}, url);
        ASSERT_TRUE(value) << value.error().message;
        EXPECT_EQ(*value, bearer) << url;
    }
    for (const char* url :
         {"http://www.googleapis.com/drive", "https://www.googleapis.com:8443/drive",
          "https://www.googleapis.com.example.org/", "http://docs.google.com/feeds",
          "https://docs.google.com@example.org/", "https://docs.google.com:444/",
          "https://doc-0s.googleusercontent.com/x", "not a url"}) {
        const auto value = tokens.authorization({}, url);
        ASSERT_TRUE(value) << value.error().message;
        EXPECT_EQ(*value, "") << url;
    }
}

TEST_F(TokenSourceTest, ReportsADriveEndpointThatIsNoUrl) {
    const TokenServer server(std::vector<Reply>{});
    TokenSource tokens(refresh_credentials(), server.url(), "googleapis", quick_options(), cancel_);
    const auto value = tokens.authorization({}, "https://docs.google.com/");
    ASSERT_FALSE(value);
    EXPECT_THAT(value.error().message, HasSubstr("--drive-endpoint"));
}

TEST_F(TokenSourceTest, StopsWhenCancelled) {
    const TokenServer server([](const Parameters&) { return granted(); });
    TokenSource tokens = source(server);
    cancel_.stop(StopReason::terminated);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::cancelled);
}

/// A Drive on a real socket that takes some tokens and counts what it is asked.
class DriveServer {
public:
    explicit DriveServer(std::function<bool(const std::string& authorization)> accepts)
        : accepts_(std::move(accepts)) {
        server_.Get("/.*", [this](const httplib::Request& request, httplib::Response& response) {
            ++asked_;
            response.status = accepts_(request.get_header_value("Authorization")) ? 200 : 401;
        });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
    }
    ~DriveServer() {
        while (!server_.is_running()) {
            std::this_thread::yield();
        }
        server_.stop();
        thread_.join();
    }
    DriveServer(const DriveServer&) = delete;
    DriveServer& operator=(const DriveServer&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] int asked() const { return asked_; }

private:
    std::function<bool(const std::string&)> accepts_;
    std::atomic<int> asked_ = 0;
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

http::Request get(const std::string& url) {
    http::Request request;
    request.url = url;
    return request;
}

class AuthorizedEngine : public TokenSourceTest {
protected:
    TokenSource source_for(const TokenServer& server, const DriveServer& drive) {
        return {refresh_credentials(), server.url(), drive.url(),
                quick_options(),       cancel_,      time_.clocks()};
    }
};

TEST_F(AuthorizedEngine, GetsOneNewTokenForAllRequestsThatTheOldOneFailed) {
    const TokenServer server({granted("stale"), granted("fresh")});
    const DriveServer drive([](const std::string& value) { return value == "Bearer fresh"; });
    TokenSource tokens = source_for(server, drive);
    http::Engine engine(quick_options(), cancel_, &tokens);
    int good = 0;
    for (int i = 0; i < 6; ++i) {
        engine.send(get(drive.url() + "/files/" + std::to_string(i)),
                    [&](Result<http::Response> result) { good += result ? 1 : 0; });
    }
    engine.run();
    EXPECT_EQ(good, 6);
    EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(AuthorizedEngine, GivesUpWhenAFreshTokenIsRefusedToo) {
    const TokenServer server({granted("first"), granted("second")});
    const DriveServer drive([](const std::string&) { return false; });
    TokenSource tokens = source_for(server, drive);
    http::Engine engine(quick_options(), cancel_, &tokens);
    for (int i = 0; i < 2; ++i) {
        const auto answer = engine.fetch(get(drive.url() + "/about"));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Code::unauthenticated);
    }
    EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(AuthorizedEngine, RenewsAgainWhenALaterTokenIsRevoked) {
    const TokenServer server({granted("first"), granted("second"), granted("third")});
    std::atomic<bool> revoked = false;
    const DriveServer drive([&](const std::string& value) {
        return value == (revoked ? "Bearer third" : "Bearer second");
    });
    TokenSource tokens = source_for(server, drive);
    http::Engine engine(quick_options(), cancel_, &tokens);
    EXPECT_TRUE(engine.fetch(get(drive.url() + "/about")));
    time_.steady += seconds(600);
    revoked = true;
    EXPECT_TRUE(engine.fetch(get(drive.url() + "/about")));
}

TEST_F(AuthorizedEngine, DoesNotCallDriveWithoutAToken) {
    const TokenServer server({refusal("invalid_grant")});
    const DriveServer drive([](const std::string&) { return true; });
    TokenSource tokens = source_for(server, drive);
    http::Engine engine(quick_options(), cancel_, &tokens);
    const auto answer = engine.fetch(get(drive.url() + "/about"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().reason, "invalid_grant");
    EXPECT_EQ(drive.asked(), 0);
}

TEST(TokenCheck, ExplainsARefreshTokenThatEnds) {
    AccessToken token;
    token.scope = kReadonlyScope;
    EXPECT_THAT(check_token(token).warnings, IsEmpty());
    token.refresh_token_expires_in_s = 6 * 86'400 + 5;
    EXPECT_THAT(check_token(token).warnings,
                ElementsAre(AllOf(HasSubstr("in 6 days"), HasSubstr("Testing"))));
    token.refresh_token_expires_in_s = 3'600;
    EXPECT_THAT(check_token(token).warnings, ElementsAre(HasSubstr("within a day")));
    token.refresh_token_expires_in_s = 90 * 86'400;
    EXPECT_THAT(check_token(token).warnings, ElementsAre(HasSubstr("for a time only")));
}

TEST(TokenCheck, NamesOnlyTheScopesThatCanWrite) {
    AccessToken token;
    token.scope =
        "openid email https://www.googleapis.com/auth/userinfo.email "
        "https://www.googleapis.com/auth/drive.readonly https://www.googleapis.com/auth/drive.file";
    const TokenCheck check = check_token(token);
    EXPECT_EQ(check.scope, token.scope);
    EXPECT_THAT(check.warnings,
                ElementsAre(HasSubstr("(scope https://www.googleapis.com/auth/drive.file)")));
}

}  // namespace

}  // namespace gds::auth
