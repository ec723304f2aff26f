#include "gds/auth/token_source.h"
#include "support.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace gds::auth {

namespace {

using nlohmann::json;
using test::granted;
using test::kAccessToken;
using test::Parameters;
using test::refusal;
using test::Reply;
using test::TokenServer;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1'780'000'000;  // 2026-05-28T20:26:40Z

constexpr const char* kBadTimes =
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim.";

struct Assertion {
    json header;
    json claims;
    bool good = false;
};

Assertion read_assertion(const Parameters& form) {
    EXPECT_EQ(form.at("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const std::string& text = form.at("assertion");
    const auto first = text.find('.');
    const auto second = text.rfind('.');
    EXPECT_LT(first, second);
    return {json::parse(test::decode_base64url(text.substr(0, first))),
            json::parse(test::decode_base64url(text.substr(first + 1, second - first - 1))),
            test::verifies(test::rsa_key().public_pem, text.substr(0, second),
                           test::decode_base64url(text.substr(second + 1)))};
}

Credentials service_account(const std::string& subject = "") {
    Credentials credentials;
    credentials.origin = "sa.json";
    credentials.service_account = ServiceAccount{"mirror@project.iam.gserviceaccount.com", "key-1",
                                                 Secret(test::rsa_key().private_pem), subject};
    return credentials;
}

class ServiceAccountTokens : public testing::Test {
protected:
    TokenSource source(const TokenServer& server, Credentials credentials) {
        Clocks clocks;
        clocks.wall_s = [] { return kNow; };
        return {std::move(credentials), server.url(), "https://www.googleapis.com",
                test::quick_options(),  cancel_,      std::move(clocks)};
    }

    Cancel cancel_;
};

TEST_F(ServiceAccountTokens, AreAskedForWithASignedAssertion) {
    const TokenServer server({granted()});
    TokenSource tokens = source(server, service_account());
    const auto token = tokens.token();
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->token.reveal(), kAccessToken);
    const Assertion assertion = read_assertion(server.requests().at(0));
    EXPECT_TRUE(assertion.good);
    EXPECT_EQ(assertion.header, (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}}));
    EXPECT_EQ(assertion.claims, (json{{"iss", "mirror@project.iam.gserviceaccount.com"},
                                      {"scope", "https://www.googleapis.com/auth/drive.readonly"},
                                      {"aud", server.url()},
                                      {"iat", kNow},
                                      {"exp", kNow + 3600}}));
}

TEST_F(ServiceAccountTokens, NameTheImpersonatedUser) {
    const TokenServer server({granted()});
    TokenSource tokens = source(server, service_account("user@example.org"));
    ASSERT_TRUE(tokens.token());
    EXPECT_EQ(read_assertion(server.requests().at(0)).claims.at("sub"), "user@example.org");
}

TEST_F(ServiceAccountTokens, CorrectAWrongClockOnceByTheEndpointsDate) {
    test::LogCapture log;
    Reply bad_times = refusal("invalid_grant", kBadTimes);
    bad_times.headers["Date"] = "Thu, 28 May 2026 21:26:40 GMT";
    const TokenServer server({bad_times, granted()});
    TokenSource tokens = source(server, service_account());
    const auto token = tokens.token();
    ASSERT_TRUE(token) << token.error().message;
    const Assertion second = read_assertion(server.requests().at(1));
    EXPECT_TRUE(second.good);
    EXPECT_EQ(second.claims.at("iat"), kNow + 3600);
    EXPECT_EQ(second.claims.at("exp"), kNow + 7200);
    EXPECT_THAT(log.text(), HasSubstr("seconds_behind=3600"));
}

TEST_F(ServiceAccountTokens, AreGivenUpWhenTheCorrectedClockIsRefusedToo) {
    Reply bad_times = refusal("invalid_grant", kBadTimes);
    bad_times.headers["Date"] = "Thu, 28 May 2026 21:26:40 GMT";
    const TokenServer server({bad_times, bad_times});
    TokenSource tokens = source(server, service_account());
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::unauthenticated);
    EXPECT_EQ(token.error().reason, "invalid_grant");
    EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(ServiceAccountTokens, AreNotAskedForAgainWhereTheSignatureIsWrong) {
    Reply bad_key = refusal("invalid_grant", "Invalid JWT Signature.");
    bad_key.headers["Date"] = "Thu, 28 May 2026 21:26:40 GMT";
    const TokenServer server({bad_key});
    TokenSource tokens = source(server, service_account());
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_THAT(token.error().message, HasSubstr("key still exist"));
}

TEST_F(ServiceAccountTokens, ExplainAMissingDelegation) {
    const TokenServer server({refusal("unauthorized_client", "Client is unauthorized")});
    TokenSource tokens = source(server, service_account("user@example.org"));
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_THAT(token.error().message, HasSubstr("domain-wide delegation"));
}

TEST_F(ServiceAccountTokens, NeedAKeyThatCanSign) {
    const TokenServer server(std::vector<Reply>{});
    Credentials credentials = service_account();
    credentials.service_account->private_key = Secret("no key");
    TokenSource tokens = source(server, credentials);
    const auto token = tokens.token();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Code::invalid_argument);
    EXPECT_THAT(token.error().message, HasSubstr("mirror@project.iam.gserviceaccount.com"));
}

}  // namespace

}  // namespace gds::auth
