#include "gds/registry/reference.h"

#include <gtest/gtest.h>

namespace gds::registry {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct Case {
    const char* name;
    std::string text, registry, repository, tag, digest;
};

class WellFormed : public testing::TestWithParam<Case> {};

TEST_P(WellFormed, IsReadAsDockerReadsIt) {
    const Case& expected = GetParam();
    const auto reference = parse_reference(expected.text);
    ASSERT_TRUE(reference.has_value()) << expected.text << ": " << reference.error().message;
    EXPECT_EQ(expected.registry, reference->registry);
    EXPECT_EQ(expected.repository, reference->repository);
    EXPECT_EQ(expected.tag, reference->tag);
    EXPECT_EQ(expected.digest, reference->digest.text());
}

INSTANTIATE_TEST_SUITE_P(
    Reference, WellFormed,
    testing::Values(
        Case{"Bare", "nginx", "docker.io", "library/nginx", "latest", ""},
        Case{"WithTag", "nginx:1.25-alpine", "docker.io", "library/nginx", "1.25-alpine", ""},
        Case{"WithUser", "me/tool", "docker.io", "me/tool", "latest", ""},
        Case{"DockerHubByName", "docker.io/nginx", "docker.io", "library/nginx", "latest", ""},
        Case{"DockerHubByItsOldName", "index.docker.io/me/tool:1", "docker.io", "me/tool", "1", ""},
        Case{"HostByDot", "registry.example/app:1", "registry.example", "app", "1", ""},
        Case{"HostByPort", "registry:5000/app", "registry:5000", "app", "latest", ""},
        Case{"Localhost", "localhost/app", "localhost", "app", "latest", ""},
        Case{"HostInCapitals", "REGISTRY/app:t", "REGISTRY", "app", "t", ""},
        Case{"PortIsNoTag", "registry:5000/app:6000", "registry:5000", "app", "6000", ""},
        Case{"Ipv4", "127.0.0.1:5000/team/app:t", "127.0.0.1:5000", "team/app", "t", ""},
        Case{"Ipv6", "[::1]/app:t", "[::1]", "app", "t", ""},
        Case{"Ipv6WithPort", "[2001:db8::1]:5000/app", "[2001:db8::1]:5000", "app", "latest", ""},
        Case{"ByDigest", "registry.example/app@" + kDigest, "registry.example", "app", "", kDigest},
        Case{"TagAndDigest", "registry.example/app:1.0@" + kDigest, "registry.example", "app",
             "1.0", kDigest},
        Case{"Separators", "a.b/c__d/e--f/g_h.i:T.-_9", "a.b", "c__d/e--f/g_h.i", "T.-_9", ""},
        Case{"LongestTag", "a.b/c:" + std::string(128, 't'), "a.b", "c", std::string(128, 't'), ""},
        Case{"LongestName", "a.b/" + std::string(255, 'n'), "a.b", std::string(255, 'n'), "latest",
             ""}),
    [](const auto& one) { return std::string(one.param.name); });

class Malformed : public testing::TestWithParam<std::pair<const char*, std::string>> {};

TEST_P(Malformed, IsRefused) {
    const auto reference = parse_reference(GetParam().second);
    ASSERT_FALSE(reference.has_value()) << GetParam().second;
    EXPECT_EQ(Code::invalid_argument, reference.error().code);
}

INSTANTIATE_TEST_SUITE_P(
    Reference, Malformed,
    testing::Values(
        std::pair("Empty", ""), std::pair("Capitals", "Nginx"),
        std::pair("CapitalsBelowAHost", "registry.example/Team/app"), std::pair("NoName", ":tag"),
        std::pair("NoTag", "nginx:"), std::pair("NoDigest", "nginx@"),
        std::pair("NoNameBelowTheHost", "registry.example/"),
        std::pair("ShortDigest", "nginx@sha256:abc"),
        std::pair("DigestInCapitals", "nginx@sha256:" + std::string(64, 'A')),
        std::pair("TwoDigests", "nginx@" + kDigest + "@" + kDigest),
        std::pair("TagAfterTheDigest", "nginx@" + kDigest + ":1"),
        std::pair("SlashAtTheEnd", "me/tool/"), std::pair("SlashesTogether", "me//tool"),
        std::pair("SeparatorFirst", "-me/tool"), std::pair("SeparatorLast", "me/tool_"),
        std::pair("ThreeUnderscores", "me/to___ol"), std::pair("MixedSeparators", "me/to._ol"),
        std::pair("TagBeginsWithADot", "nginx:.1"), std::pair("TagBeginsWithADash", "nginx:-1"),
        std::pair("TagTooLong", "nginx:" + std::string(129, 't')),
        std::pair("NameTooLong", "a.b/" + std::string(256, 'n')), std::pair("Space", "my app"),
        std::pair("PortIsNoNumber", "registry.example:port/app"),
        std::pair("PortTooLong", "registry.example:123456/app"),
        std::pair("Ipv6WithoutBrackets", "::1/app"), std::pair("Ipv6Open", "[::1/app"),
        std::pair("Url", "https://registry.example/app"), std::pair("Control", "app:\x1b[2J"),
        std::pair("NotAscii", "registry.example/caf\xc3\xa9")),
    [](const auto& one) { return std::string(one.param.first); });

TEST(Reference, IsWrittenAsItWasRead) {
    for (const std::string text : {"registry.example/team/app:1.0", "[::1]:5000/app:t"}) {
        EXPECT_EQ(text, parse_reference(text)->text());
    }
    EXPECT_EQ("docker.io/library/nginx@" + kDigest, parse_reference("nginx@" + kDigest)->text());
}

TEST(Endpoint, TakesHostsAndUrlsWithoutAPath) {
    for (const auto& [text, url] : std::vector<std::pair<std::string, std::string>>{
             {"registry.example", "https://registry.example"},
             {"registry.example:5000", "https://registry.example:5000"},
             {"http://registry.example/", "http://registry.example"},
             {"https://[::1]:5000", "https://[::1]:5000"},
             {"docker.io", "https://registry-1.docker.io"},
             {"index.docker.io", "https://registry-1.docker.io"}}) {
        const auto endpoint = parse_endpoint(text, false);
        ASSERT_TRUE(endpoint.has_value()) << text;
        EXPECT_EQ(url, endpoint->base_url());
    }
    EXPECT_EQ("http://registry.example", parse_endpoint("registry.example", true)->base_url());
    EXPECT_EQ("https://registry.example",
              parse_endpoint("https://registry.example", true)->base_url());
}

TEST(Endpoint, RefusesWhatIsNoHost) {
    for (const char* text : {"", "a b", "registry.example/team", "ftp://registry.example", "-a",
                             "a:port", "https://", "user@registry.example"}) {
        EXPECT_FALSE(parse_endpoint(text, false).has_value()) << text;
    }
}

TEST(Endpoint, NeverQuotesAPassword) {
    const auto endpoint = parse_endpoint("https://me:secret@registry.example/x", false);
    ASSERT_FALSE(endpoint.has_value());
    EXPECT_EQ(std::string::npos, endpoint.error().message.find("secret"))
        << endpoint.error().message;
}

}  // namespace
}  // namespace gds::registry
