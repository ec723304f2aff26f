#include "gds/registry/digest.h"

#include <gtest/gtest.h>

namespace gds::registry {
namespace {

TEST(Digest, OfKnownKindsMustHaveTheirLength) {
    for (const auto& [algorithm, length] : std::vector<std::pair<std::string, std::size_t>>{
             {"sha256", 64}, {"sha384", 96}, {"sha512", 128}}) {
        EXPECT_TRUE(Digest::parse(algorithm + ":" + std::string(length, 'a')).has_value());
        for (const std::size_t wrong : {length - 1, length + 1, std::size_t{0}}) {
            EXPECT_FALSE(Digest::parse(algorithm + ":" + std::string(wrong, 'a')).has_value());
        }
        EXPECT_FALSE(Digest::parse(algorithm + ":" + std::string(length, 'A')).has_value());
        EXPECT_FALSE(Digest::parse(algorithm + ":" + std::string(length, 'g')).has_value());
    }
}

TEST(Digest, KeepsToTheGrammar) {
    for (const char* text : {"multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
                             "md6:ab", "a.b_c-d+e:x=_-"}) {
        EXPECT_TRUE(Digest::parse(text).has_value()) << text;
    }
    for (const char* text : {"", ":", "sha256", ":ab", "md6:", "MD6:ab", "a..b:x", ".a:x", "a+:x",
                             "md6:a/b", "md6:../../etc", "md6:a b", "md6:a\n"}) {
        EXPECT_FALSE(Digest::parse(text).has_value()) << text;
    }
    EXPECT_FALSE(Digest::parse("md6:" + std::string(300, 'a')).has_value());
}

TEST(Digest, MatchesItsBytes) {
    const auto parsed = [](const std::string& text) { return *Digest::parse(text); };
    EXPECT_TRUE(parsed("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
                    .matches("hello"));
    EXPECT_TRUE(parsed("sha384:59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90"
                       "125a3c79f90397bdf5f6a13de828684f")
                    .matches("hello"));
    EXPECT_TRUE(parsed("sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
                       "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043")
                    .matches("hello"));
    EXPECT_FALSE(Digest::of("hello").matches("hello "));
    EXPECT_FALSE(parsed("md6:ab").matches("hello"));
    EXPECT_FALSE(Digest().matches(""));
}

TEST(Digest, IsShortenedForPeople) {
    EXPECT_EQ("sha256:2cf24dba5fb0", Digest::of("hello").shortened());
    EXPECT_EQ("md6:ab", Digest::parse("md6:ab")->shortened());
    EXPECT_EQ("", Digest().shortened());
}

}  // namespace
}  // namespace gds::registry
