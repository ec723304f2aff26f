#include "gds/registry/report.h"

#include "support.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gds::registry {
namespace {

using test::digest_of;

Finding finding(Kind kind, Defect defect, Remedy remedy) {
    Finding one;
    one.repository = "team/app";
    one.tag = "1.0";
    one.parent = digest_of("parent");
    one.digest = digest_of("digest");
    one.kind = kind;
    one.defect = defect;
    one.status = 404;
    one.detail = "why";
    one.remedy = remedy;
    return one;
}

Report sample() {
    Report report;
    report.command = "scan";
    report.registry = "/srv/registry";
    report.started_ms = 1'767'225'600'123;
    report.finished_ms = 1'767'225'601'000;
    report.complete = false;
    report.counts = {3, 7, 20, 50, 80, 0, 2};
    report.problems = {"a disk"};
    return report;
}

void expect_same(const Finding& a, const Finding& b) {
    EXPECT_TRUE(same_reference(a, b));
    EXPECT_EQ(a.defect, b.defect);
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.detail, b.detail);
    EXPECT_EQ(a.remedy, b.remedy);
    EXPECT_EQ(a.in_use, b.in_use);
    EXPECT_EQ(a.media_type, b.media_type);
    EXPECT_EQ(a.content, b.content);
}

TEST(Report, IsReadAsItWasWritten) {
    Report report = sample();
    for (int kind = 0; kind <= static_cast<int>(Kind::layer); ++kind) {
        for (int defect = 0; defect <= static_cast<int>(Defect::schema1); ++defect) {
            const auto remedy = static_cast<Remedy>((kind + defect) % 7);
            report.broken.push_back(
                finding(static_cast<Kind>(kind), static_cast<Defect>(defect), remedy));
        }
    }
    Finding bare;
    bare.kind = Kind::repository;
    report.warnings.push_back(bare);
    report.broken[0].in_use = {"CronJob backup/nightly", "Pod a/b"};
    report.broken[1].content = std::string("{\"a\":\0\xff}", 8);
    report.broken[1].media_type = "x/y";
    settle(report);
    const auto read = parse_report(report_json(report));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ("scan", read->command);
    EXPECT_EQ(report.registry, read->registry);
    EXPECT_EQ(report.started_ms, read->started_ms);
    EXPECT_EQ(report.finished_ms, read->finished_ms);
    EXPECT_FALSE(read->complete);
    EXPECT_EQ(report.counts.checked(), read->counts.checked());
    EXPECT_EQ(2, read->counts.elsewhere);
    EXPECT_EQ(1, read->counts.tags_broken);
    ASSERT_EQ(report.broken.size(), read->broken.size());
    for (std::size_t i = 0; i < report.broken.size(); ++i) {
        expect_same(report.broken[i], read->broken[i]);
    }
    ASSERT_EQ(1U, read->warnings.size());
    expect_same(bare, read->warnings[0]);
}

TEST(Report, HasEveryFieldOfTheContract) {
    Report report = sample();
    report.broken = {finding(Kind::child, Defect::unlinked, Remedy::relink)};
    settle(report);
    const auto json = nlohmann::json::parse(report_json(report));
    EXPECT_EQ(1, json["schema"]);
    for (const char* name :
         {"registry", "started", "finished", "complete", "counts", "broken", "warnings"}) {
        EXPECT_TRUE(json.contains(name)) << name;
    }
    EXPECT_EQ("2026-01-01T00:00:00.123Z", json["started"]);
    for (const char* name :
         {"repositories", "tags", "manifests", "blobs", "requests", "tags_broken"}) {
        EXPECT_TRUE(json["counts"].contains(name)) << name;
    }
    const nlohmann::json expected = {{"repository", "team/app"},
                                     {"tag", "1.0"},
                                     {"parent", digest_of("parent").text()},
                                     {"digest", digest_of("digest").text()},
                                     {"kind", "child"},
                                     {"defect", "unlinked"},
                                     {"status", 404},
                                     {"detail", "why"},
                                     {"remedy", "relink"},
                                     {"in_use", nlohmann::json::array()}};
    EXPECT_EQ(expected, json["broken"][0]);
}

TEST(Report, HoldsNamesOfAnyBytes) {
    Report report = sample();
    report.broken = {finding(Kind::tag, Defect::missing, Remedy::remove)};
    report.broken[0].tag = "\"\\\n\x01\x1b[2J\xff\xc3 \xe6\x97\xa5";
    const std::string text = report_json(report);
    const auto read = parse_report(text);
    ASSERT_TRUE(read.has_value());
    EXPECT_NE(std::string::npos, read->broken[0].tag.find("\xe6\x97\xa5"));
    EXPECT_EQ(std::string::npos, report_text(report).find('\x1b'));
}

TEST(Report, CountsBrokenTagsOnceAndSortsWhatIsInUseFirst) {
    Report report = sample();
    for (const char* tag : {"b", "a", "a", ""}) {
        Finding one = finding(Kind::layer, Defect::missing, Remedy::rebuild);
        one.tag = tag;
        one.digest = digest_of(std::to_string(report.broken.size()));
        report.broken.push_back(one);
    }
    report.broken.push_back(report.broken[1]);  // the same twice
    report.broken[0].in_use = {"Pod a/b"};
    settle(report);
    EXPECT_EQ(4U, report.broken.size());
    EXPECT_EQ(2, report.counts.tags_broken);
    EXPECT_EQ("b", report.broken[0].tag);
    EXPECT_EQ("", report.broken[1].tag);
    EXPECT_EQ("registry-probe: 2/7 tags broken, 4 broken references, 70 checked",
              summary_line(report));
}

TEST(Report, OfAnotherFormIsRefused) {
    Report report = sample();
    report.broken = {finding(Kind::child, Defect::unlinked, Remedy::relink)};
    report.broken[0].content = "text";
    const auto whole = nlohmann::json::parse(report_json(report));
    const auto refused = [](const nlohmann::json& json) {
        const auto read = parse_report(json.dump());
        return !read && read.error().code == Code::invalid_argument;
    };
    for (const char* name : {"schema", "registry", "started", "finished", "complete", "counts",
                             "broken", "warnings"}) {
        auto json = whole;
        json.erase(name);
        EXPECT_TRUE(refused(json)) << name;
        json[name] = nlohmann::json::array({1});
        EXPECT_TRUE(refused(json)) << name;
    }
    for (const char* name : {"repository", "tag", "parent", "digest", "kind", "defect", "status",
                             "detail", "remedy"}) {
        auto json = whole;
        json["broken"][0].erase(name);
        EXPECT_TRUE(refused(json)) << name;
        json["broken"][0][name] = nullptr;
        EXPECT_TRUE(refused(json)) << name;
    }
    for (const char* name : {"parent", "digest", "kind", "defect", "remedy", "content"}) {
        auto json = whole;
        json["broken"][0][name] = "no such thing!";
        EXPECT_FALSE(parse_report(json.dump()).has_value()) << name;
    }
    auto newer = whole;
    newer["schema"] = 2;
    EXPECT_TRUE(refused(newer));
}

TEST(Report, ThatWasCutIsRefusedWhereverThatWas) {
    Report report = sample();
    report.broken = {finding(Kind::child, Defect::unlinked, Remedy::relink)};
    const std::string text = report_json(report);
    for (std::size_t length = 0; length + 2 < text.size(); ++length) {
        EXPECT_FALSE(parse_report(text.substr(0, length)).has_value()) << length;
    }
}

}  // namespace
}  // namespace gds::registry
