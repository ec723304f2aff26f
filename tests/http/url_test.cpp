#include "url.h"

#include <gtest/gtest.h>

#include <vector>

namespace gds::http {
namespace {

TEST(SplitPlainUrl, LeavesWhatIsSentAsItStands) {
    const PlainUrl parts = split_plain_url("https://u@h.example:8443/a/b%20c?d=%2Fe/&f=g?h");
    EXPECT_EQ(parts.authority, "https://u@h.example:8443");
    EXPECT_EQ(parts.target, "/a/b%20c?d=%2Fe/&f=g?h");
    EXPECT_EQ(split_plain_url("https://[::1]:5000/").target, "/");
}

TEST(SplitPlainUrl, LeavesTheRestToAParser) {
    // No path, a fragment, steps in the path: the authority is plain all the same.
    for (const char* url : {"https://h", "https://h?a=b", "https://h/a#b", "https://h/a/../b",
                            "https://h/./a", "https://h/.hidden"}) {
        EXPECT_EQ(split_plain_url(url).authority, "https://h") << url;
        EXPECT_EQ(split_plain_url(url).target, "") << url;
    }
    for (const char* url :
         {"", "h/a", "https:///h/a", "HTTPS:///h/a", "https://", "https:/h/a", "https://h/a b",
          "https://h/a\tb", "https://h/a\x7f", "https://h/caf\xc3\xa9", "https://h/a\r\nX: y"}) {
        EXPECT_EQ(split_plain_url(url).authority, "") << url;
        EXPECT_EQ(split_plain_url(url).target, "") << url;
    }
}

TEST(ResolveUrl, FollowsRfc3986) {
    const std::string base = "https://h.example:8443/a/b?c=d#e";
    const std::vector<std::pair<const char*, const char*>> cases{
        {"/x?y", "https://h.example:8443/x?y"},
        {"x", "https://h.example:8443/a/x"},
        {"../x", "https://h.example:8443/x"},
        {"?x=y", "https://h.example:8443/a/b?x=y"},
        {"//other.example/x", "https://other.example/x"},
        {"http://other.example/x", "http://other.example/x"},
        {"/with a space?and=one more", "https://h.example:8443/with%20a%20space?and=one+more"},
        {"/kept%20as%2Fit%20is", "https://h.example:8443/kept%20as%2Fit%20is"},
        {"/caf\xc3\xa9", "https://h.example:8443/caf%c3%a9"},
        {"ftp://other.example/x", "ftp://other.example/x"},
        {"#f", "https://h.example:8443/a/b?c=d#f"},
    };
    for (const auto& [reference, expected] : cases) {
        EXPECT_EQ(resolve_url(base, reference), expected) << reference;
    }
}

TEST(ResolveUrl, GivesBackWhatMakesNoUrl) {
    EXPECT_EQ(resolve_url("https://h/", "http://h:999999/"), "http://h:999999/");
    EXPECT_EQ(resolve_url("no base", "/x"), "/x");
}

}  // namespace
}  // namespace gds::http
