#include "challenge.h"

#include "page_link.h"

#include <gtest/gtest.h>

namespace gds::registry {
namespace {

using Scopes = std::vector<std::string>;

TEST(Challenge, OfATokenServerIsReadWhole) {
    const auto challenges = parse_challenges(
        R"(Bearer realm="https://auth.example/token",service="registry.example",)"
        R"(scope="repository:a:pull,push repository:b:pull",error="insufficient_scope")");
    ASSERT_EQ(1U, challenges.size());
    EXPECT_EQ("bearer", challenges[0].scheme);
    EXPECT_EQ("https://auth.example/token", challenges[0].parameter("realm"));
    EXPECT_EQ("registry.example", challenges[0].parameter("service"));
    EXPECT_EQ("repository:a:pull,push repository:b:pull", challenges[0].parameter("scope"));
    EXPECT_EQ("", challenges[0].parameter("nonce"));
}

TEST(Challenge, MayStandBesideOthersInOneField) {
    const auto challenges =
        parse_challenges(R"(Negotiate, Basic realm="a, b=c", BEARER Realm = x ,service=y)");
    ASSERT_EQ(3U, challenges.size());
    EXPECT_EQ("negotiate", challenges[0].scheme);
    EXPECT_EQ("a, b=c", challenges[1].parameter("realm"));
    EXPECT_EQ("bearer", challenges[2].scheme);
    EXPECT_EQ("y", challenges[2].parameter("service"));
}

TEST(Challenge, MayEscapeItsQuotes) {
    const auto challenges = parse_challenges(R"(Basic realm="say \"hi\" \\ there")");
    ASSERT_EQ(1U, challenges.size());
    EXPECT_EQ(R"(say "hi" \ there)", challenges[0].parameter("realm"));
}

TEST(Challenge, CutAnywhereOrSenselessIsNoHarm) {
    const std::string whole = R"(Bearer realm="https://auth.example/token",service="a\"b", Basic)";
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        EXPECT_LE(parse_challenges(whole.substr(0, length)).size(), 2U);
    }
    for (const char* text : {"", ",", ",,,", "=", "\"", "\"\"", "a=b", "\\", "Basic \"", "\x01\x02",
                             "Bearer realm=\"\\"}) {
        static_cast<void>(parse_challenges(text));
    }
    EXPECT_TRUE(parse_challenges("realm=x").empty());
}

TEST(Scopes, AreTheLeastThatARequestNeeds) {
    const std::string base = "https://registry.example/v2/";
    const auto of = [&](std::string_view method, const std::string& path) {
        return scopes_of(method, base + path);
    };
    const std::string digest = "sha256:ab";
    EXPECT_EQ(Scopes{}, of("GET", ""));
    EXPECT_EQ(Scopes{"registry:catalog:*"}, of("GET", "_catalog?n=1000&last=a"));
    EXPECT_EQ(Scopes{"repository:app:pull"}, of("GET", "app/tags/list"));
    EXPECT_EQ(Scopes{"repository:team/app:pull"}, of("HEAD", "team/app/blobs/" + digest));
    EXPECT_EQ(Scopes{"repository:app:delete,pull"}, of("DELETE", "app/manifests/" + digest));
    EXPECT_EQ(Scopes{"repository:app:pull,push"}, of("PUT", "app/manifests/1.0"));
    EXPECT_EQ(Scopes{"repository:app:pull,push"}, of("POST", "app/blobs/uploads/"));
    EXPECT_EQ((Scopes{"repository:app:pull,push", "repository:team/base:pull"}),
              of("POST", "app/blobs/uploads/?mount=" + digest + "&from=team%2Fbase"));
    // Repositories that are called like what comes after them.
    EXPECT_EQ(Scopes{"repository:manifests/tags:pull"}, of("GET", "manifests/tags/tags/list"));
    EXPECT_EQ(Scopes{"repository:a/blobs/b:pull"}, of("GET", "a/blobs/b/manifests/t"));
}

TEST(NextPage, StaysAtTheRegistry) {
    const std::string url = "https://registry.example:5000/v2/app/tags/list?n=2";
    const auto next = [&](const std::string& link) { return next_page(link, url); };
    const std::string expected = "https://registry.example:5000/v2/app/tags/list?last=b&n=2";
    for (const char* link :
         {R"(</v2/app/tags/list?last=b&n=2>; rel="next")", R"(<?last=b&n=2>; rel=next)",
          R"(<list?last=b&n=2>; rel="next")",
          R"(<https://registry.example:5000/v2/app/tags/list?last=b&n=2>; rel="next")",
          R"(<http://internal/v2/app/tags/list?last=b&n=2>; rel="next")",
          R"(<//evil.example/v2/app/tags/list?last=b&n=2>; rel="next")"}) {
        EXPECT_EQ(expected, next(link)) << link;
    }
    for (const char* link : {"", "<", "<>", "</v2/x", R"(</v2/x>; rel="prev")", "rel=next",
                             R"(<https://evil.example/>; rel="next")"}) {
        EXPECT_EQ("", next(link)) << link;
    }
}

}  // namespace
}  // namespace gds::registry
