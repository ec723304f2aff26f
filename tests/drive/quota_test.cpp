#include "gds/drive/quota.h"

#include "gds/drive/api.h"
#include "support.h"

namespace gds::drive {
namespace {

TEST(Quota, HasAPriceForEachCall) {
    EXPECT_EQ(quota_units("files.list"), 100);
    EXPECT_EQ(quota_units("changes.list"), 100);
    EXPECT_EQ(quota_units("files.media"), 200);
    EXPECT_EQ(quota_units("files.export"), 200);
    EXPECT_EQ(quota_units("files.get"), 5);
    EXPECT_EQ(quota_units("about.get"), 5);
}

TEST(Quota, IsWhatGoogleAllowsAndGooglesAlone) {
    EXPECT_EQ(quota_a_minute("https://www.googleapis.com"), 315'000);
    EXPECT_EQ(quota_a_minute("https://Restricted.GoogleAPIs.com/"), 315'000);
    EXPECT_EQ(quota_a_minute("http://127.0.0.1:8080"), 0);
    EXPECT_EQ(quota_a_minute("https://googleapis.com.example"), 0);
    EXPECT_EQ(quota_a_minute("nowhere"), 0);
}

TEST(Quota, IsWrittenOnTheRequests) {
    testing::Fixture fixture(
        [](const testing::Asked&) { return testing::Reply{.body = testing::file("f").dump()}; });
    EXPECT_EQ(fixture.api.media_request({"f"}, 0).cost, 200);
    EXPECT_EQ(fixture.api.export_request({"d"}, "application/pdf").cost, 200);
    EXPECT_EQ(fixture.api.link_request("https://docs.google.com/x").cost, 200);
    static_cast<void>(fixture.api.get(Ref{"f"}));
    EXPECT_EQ(fixture.engine.counters().cost, 5);
}

}  // namespace
}  // namespace gds::drive
