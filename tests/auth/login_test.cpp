#include "gds/auth/login.h"

#include "support.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace gds::auth {

namespace {

using test::granted;
using test::kClientSecret;
using test::kRefreshToken;
using test::Parameters;
using test::refusal;
using test::Reply;
using test::TempDir;
using test::TokenServer;
using testing::AllOf;
using testing::HasSubstr;

/// The answer to a code, refresh token included.
Reply logged_in() {
    Reply reply = granted();
    auto body = nlohmann::json::parse(reply.body);
    body["refresh_token"] = kRefreshToken;
    body["refresh_token_expires_in"] = 604'799;
    reply.body = body.dump();
    return reply;
}

Parameters query_of(const std::string& url) {
    httplib::Params parameters;
    httplib::detail::parse_query_text(url.substr(url.find('?') + 1), parameters);
    return {parameters.begin(), parameters.end()};
}

int port_of(const std::string& url) {
    return std::stoi(url.substr(url.rfind(':') + 1));
}

/// A person's browser: called with the page's parameters, on its own thread.
using Browser = std::function<void(httplib::Client& client, const Parameters& page)>;

class LoginTest : public testing::Test {
protected:
    Result<Login> log_in(const TokenServer& server, const Browser& browser) {
        options_.client = {"client-id", Secret(kClientSecret)};
        options_.auth_endpoint = "https://accounts.example.org/auth";
        options_.token_endpoint = server.url();
        options_.http = test::quick_options();
        std::thread thread;
        auto result = login(
            options_,
            [&](const std::string& url) {
                url_ = url;
                page_ = query_of(url);
                thread = std::thread([&, page = page_] {
                    httplib::Client client(page.at("redirect_uri"));
                    browser(client, page);
                });
            },
            cancel_);
        if (thread.joinable()) {
            thread.join();
        }
        return result;
    }

    static void come_back(httplib::Client& client, const Parameters& page) {
        const auto answer =
            client.Get("/?state=" + page.at("state") + "&code=4%2Fthe%20code&scope=x");
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200);
        EXPECT_THAT(answer->body, HasSubstr("close this window"));
    }

    LoginOptions options_;
    Cancel cancel_;
    std::string url_;
    Parameters page_;
};

TEST_F(LoginTest, ExchangesTheCodeForTokens) {
    test::LogCapture log;
    const TokenServer server({logged_in()});
    const auto result = log_in(server, come_back);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->credentials.client_id, "client-id");
    EXPECT_EQ(result->credentials.client_secret.reveal(), kClientSecret);
    EXPECT_EQ(result->credentials.refresh_token.reveal(), kRefreshToken);
    EXPECT_EQ(result->token.refresh_token_expires_in_s, 604'799);
    const Parameters form = server.requests().at(0);
    EXPECT_EQ(form.at("grant_type"), "authorization_code");
    EXPECT_EQ(form.at("code"), "4/the code");
    EXPECT_EQ(form.at("client_id"), "client-id");
    EXPECT_EQ(form.at("client_secret"), kClientSecret);
    EXPECT_EQ(form.at("redirect_uri"), page_.at("redirect_uri"));
    test::expect_no_secret(log.text() + url_);
}

TEST_F(LoginTest, AsksForOfflineReadonlyAccessAndProvesItself) {
    const TokenServer server({logged_in()});
    ASSERT_TRUE(log_in(server, come_back));
    EXPECT_THAT(url_, testing::StartsWith("https://accounts.example.org/auth?"));
    EXPECT_EQ(page_.at("response_type"), "code");
    EXPECT_EQ(page_.at("client_id"), "client-id");
    EXPECT_EQ(page_.at("scope"), kReadonlyScope);
    EXPECT_EQ(page_.at("access_type"), "offline");
    EXPECT_EQ(page_.at("prompt"), "consent");
    EXPECT_EQ(page_.at("code_challenge_method"), "S256");
    EXPECT_THAT(page_.at("redirect_uri"), testing::MatchesRegex("http://127\\.0\\.0\\.1:[0-9]+"));
    const std::string verifier = server.requests().at(0).at("code_verifier");
    EXPECT_GE(verifier.size(), 43U);
    EXPECT_LE(verifier.size(), 128U);
    EXPECT_EQ(test::decode_base64url(page_.at("code_challenge")), test::sha256(verifier));
    EXPECT_EQ(page_.at("code_challenge").find('='), std::string::npos);
}

TEST_F(LoginTest, UsesFreshStateAndVerifierEachTime) {
    const TokenServer server({logged_in(), logged_in()});
    ASSERT_TRUE(log_in(server, come_back));
    const Parameters first = page_;
    ASSERT_TRUE(log_in(server, come_back));
    EXPECT_NE(first.at("state"), page_.at("state"));
    EXPECT_NE(first.at("code_challenge"), page_.at("code_challenge"));
}

TEST_F(LoginTest, AnswersOtherRequestsWithoutTakingThem) {
    const TokenServer server({logged_in()});
    const auto result = log_in(server, [](httplib::Client& client, const Parameters& page) {
        EXPECT_EQ(client.Get("/favicon.ico")->status, 404);
        EXPECT_EQ(client.Get("/")->status, 404);
        EXPECT_EQ(client.Get("/?state=" + page.at("state"))->status, 404);
        EXPECT_EQ(client.Get("/elsewhere?code=evil&state=" + page.at("state"))->status, 404);
        EXPECT_EQ(client.Post("/?code=evil&state=" + page.at("state"))->status, 405);
        EXPECT_EQ(client.Get("/?code=evil&state=guessed")->status, 400);
        EXPECT_EQ(client.Get("/?error=access_denied&state=guessed")->status, 400);
        EXPECT_EQ(client.Get("/?code=evil")->status, 400);
        come_back(client, page);
    });
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(server.requests().at(0).at("code"), "4/the code");
}

TEST_F(LoginTest, IsNotHeldUpByConnectionsThatSayNothing) {
    const TokenServer server({logged_in()});
    const auto result = log_in(server, [](httplib::Client& client, const Parameters& page) {
        const int port = port_of(page.at("redirect_uri"));
        std::vector<Fd> silent;
        for (int i = 0; i < 20; ++i) {
            silent.push_back(test::connect_to(port));
            EXPECT_TRUE(silent.back().valid());
        }
        come_back(client, page);
    });
    EXPECT_TRUE(result) << result.error().message;
}

TEST_F(LoginTest, ReportsThatAccessWasDenied) {
    const TokenServer server(std::vector<Reply>{});
    const auto result = log_in(server, [](httplib::Client& client, const Parameters& page) {
        EXPECT_TRUE(client.Get("/?error=access_denied&state=" + page.at("state")));
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::unauthenticated);
    EXPECT_EQ(result.error().reason, "access_denied");
    EXPECT_THAT(result.error().message, HasSubstr("allow it"));
}

TEST_F(LoginTest, ReportsARefusedCode) {
    const TokenServer server({refusal("invalid_grant", "Malformed auth code.")});
    const auto result = log_in(server, come_back);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::unauthenticated);
    EXPECT_THAT(result.error().message, HasSubstr("a code works once"));
    test::expect_no_secret(result.error().message);
}

TEST_F(LoginTest, ReportsABoxThatWasNotTicked) {
    Reply reply = logged_in();
    auto body = nlohmann::json::parse(reply.body);
    body["scope"] = "openid";
    reply.body = body.dump();
    const TokenServer server({reply});
    const auto result = log_in(server, come_back);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, "insufficient_scope");
}

TEST_F(LoginTest, ReportsAMissingRefreshToken) {
    const TokenServer server({granted()});
    const auto result = log_in(server, come_back);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("no refresh token"));
}

TEST_F(LoginTest, EndsWhenNobodyComesBack) {
    options_.wait = Millis(0);
    const TokenServer server(std::vector<Reply>{});
    const auto result = log_in(server, [](httplib::Client&, const Parameters&) {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::timeout);
}

TEST_F(LoginTest, EndsWhenCancelled) {
    const TokenServer server(std::vector<Reply>{});
    const auto result = log_in(server, [this](httplib::Client&, const Parameters&) {
        cancel_.stop(StopReason::interrupted);
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::cancelled);
}

TEST_F(LoginTest, ListensOnAGivenPortAndSaysWhenItIsTaken) {
    const TokenServer server({logged_in()});
    const int taken = port_of(server.url());
    options_.port = taken;
    const auto refused = log_in(server, [](httplib::Client&, const Parameters&) {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_THAT(refused.error().message,
                AllOf(HasSubstr(std::to_string(taken)), HasSubstr("--port")));
    options_.port = test::unused_port();
    const auto result = log_in(server, come_back);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(page_.at("redirect_uri"), "http://127.0.0.1:" + std::to_string(options_.port));
}

}  // namespace

}  // namespace gds::auth
