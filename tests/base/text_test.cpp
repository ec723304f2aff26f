#include "gds/base/text.h"

#include "gds/base/log.h"

#include <gtest/gtest.h>

namespace gds {
namespace {

TEST(Size, ReadsBinarySuffixes) {
    EXPECT_EQ(parse_size("500").value(), 500);
    EXPECT_EQ(parse_size("64K").value(), 65536);
    EXPECT_EQ(parse_size("1.5M").value(), 1572864);
    EXPECT_EQ(parse_size("10GiB").value(), 10LL << 30);
    EXPECT_EQ(parse_size("2gb").value(), 2LL << 30);
    EXPECT_EQ(parse_size("7B").value(), 7);
}

TEST(Size, RefusesWhatIsNoSize) {
    for (const char* text :
         {"", "x", "-1", "1Q", "1KK", "1e99P", "nan", "inf", "9999999P", "1 2"}) {
        EXPECT_FALSE(parse_size(text).has_value()) << text;
    }
}

TEST(Duration, ReadsUnitsAndBareSeconds) {
    EXPECT_EQ(parse_duration("90s").value(), Millis(90'000));
    EXPECT_EQ(parse_duration("1h30m").value(), Millis(5'400'000));
    EXPECT_EQ(parse_duration("7d").value(), Millis(604'800'000));
    EXPECT_EQ(parse_duration("500ms").value(), Millis(500));
    EXPECT_EQ(parse_duration("0").value(), Millis(0));
    EXPECT_EQ(parse_duration("2.5").value(), Millis(2500));
}

TEST(Duration, RefusesWhatIsNoDuration) {
    for (const char* text : {"", "s", "-1s", "1x", "1h30", "10 m", "99999999999d"}) {
        EXPECT_FALSE(parse_duration(text).has_value()) << text;
    }
}

TEST(Duration, IsWrittenShort) {
    EXPECT_EQ(format_duration(Millis(400)), "0.4s");
    EXPECT_EQ(format_duration(Millis(192'000)), "3m12s");
    EXPECT_EQ(format_duration(Millis(3'840'000)), "1h04m");
    EXPECT_EQ(format_duration(Millis(9 * 86'400'000LL)), "9d00h");
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z").value(), 0);
    EXPECT_EQ(parse_rfc3339("2026-04-19T02:00:00.123Z").value(), 1776564000123);
    EXPECT_EQ(parse_rfc3339("2026-04-19T04:00:00.123456+02:00").value(), 1776564000123);
    EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999Z").value(), -1);
    EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z").value(), 1709164800000);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
    for (const char* text : {"", "24-01-01T00:00:00Z", "2024-1-1T0:0:0Z", "2023-02-29T00:00:00Z",
                             "2024-01-01T24:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z",
                             "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00+99:00"}) {
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
    }
}

TEST(Rfc3339, RoundTrips) {
    for (const std::int64_t ms :
         {0LL, 1776564000123LL, -1LL, -62135596800000LL, 253402300799999LL}) {
        EXPECT_EQ(parse_rfc3339(format_rfc3339(ms)).value(), ms);
    }
    EXPECT_EQ(format_rfc3339(1776564000000, true), "2026-04-19T02:00:00Z");
}

TEST(HttpDate, ReadsTheThreeForms) {
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), 784111777);
    EXPECT_EQ(parse_http_date("yesterday"), std::nullopt);
}

TEST(Utf8, FollowsRfc3629) {
    EXPECT_TRUE(is_utf8("plain \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"));
    for (std::size_t before = 0; before < 20; ++before) {
        const std::string ascii(before, 'x');
        EXPECT_TRUE(is_utf8(ascii + "\xC3\xA4" + ascii)) << before;
        EXPECT_FALSE(is_utf8(ascii + "\xC3" + ascii)) << before;
        EXPECT_FALSE(is_utf8("\xC3\xA4" + ascii + "\xFF")) << before;
    }
    for (const char* text : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE2\x82"}) {
        EXPECT_FALSE(is_utf8(text));
    }
}

TEST(Printable, HidesWhatSteersATerminal) {
    EXPECT_EQ(printable("a\nb\x1b[2J"), "a\\x0ab\\x1b[2J");
    EXPECT_EQ(printable("\xC2\x9B"
                        "1m"),
              "\\xc2\\x9b1m");
    EXPECT_EQ(printable("\xFFok \xC3\xA4"), "\\xffok \xC3\xA4");
    EXPECT_EQ(printable("gpj.\xE2\x80\xAE txt \xE2\x81\xA6x"),
              "gpj.\\xe2\\x80\\xae txt \\xe2\\x81\\xa6x");
    EXPECT_EQ(printable("\xE2\x80\x93\xE2\x82\xAC"), "\xE2\x80\x93\xE2\x82\xAC");
}

TEST(Hex, RoundTripsAndRefusesOddOnes) {
    EXPECT_EQ(to_hex(std::string("\x00\xff", 2)), "00ff");
    EXPECT_EQ(from_hex("00ff").value(), std::string("\x00\xff", 2));
    EXPECT_EQ(from_hex("aBCdEf").value(), "\xAB\xCD\xEF");
    EXPECT_EQ(from_hex("").value(), "");
    EXPECT_FALSE(from_hex("0").has_value());
    EXPECT_FALSE(from_hex("000").has_value());
    EXPECT_FALSE(from_hex("0g").has_value());
    EXPECT_FALSE(from_hex("g0").has_value());
    EXPECT_FALSE(from_hex("0g00").has_value());
    EXPECT_FALSE(from_hex("\xff\xff").has_value());
}

TEST(Log, WritesOneValidJsonLine) {
    log::configure(log::Level::info, log::Format::json);
    testing::internal::CaptureStderr();
    log::info("a \"message\"", {{"path", "x\ny"}, {"bytes", 12}, {"raw", "\xFF"}});
    log::debug("not shown");
    const std::string line = testing::internal::GetCapturedStderr();
    EXPECT_NE(line.find(R"("message":"a \"message\"")"), std::string::npos) << line;
    EXPECT_NE(line.find(R"("path":"x\ny","bytes":12,"raw":"\\xff"})"), std::string::npos) << line;
    EXPECT_EQ(line.find("not shown"), std::string::npos);
    log::configure(log::Level::info, log::Format::text);
}

}  // namespace
}  // namespace gds
