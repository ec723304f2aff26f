#include "samples.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace gds::report {
namespace {

using model::ActionKind;
using model::ActionOutcome;
using nlohmann::json;
using testing::action;
using testing::from;
using ::testing::HasSubstr;
using testing::into;

std::string json_of(const model::RunRecord& run, const std::vector<model::Action>& actions) {
    std::string text;
    EXPECT_TRUE(write_json(run, from(actions), into(text)));
    return text;
}

TEST(ReportJson, HoldsEveryFieldOfTheContract) {
    model::Action rename = action(ActionKind::rename, "b.txt");
    rename.from = "a.txt";
    rename.size = 7;
    rename.reason = "moved";
    rename.id = "id1";
    rename.outcome = ActionOutcome::done;
    const json report = json::parse(json_of(testing::sample_run(), {rename}));

    const json expected = json::parse(R"({
        "schema": 1,
        "run": {"id": "20260419T020000Z-ab12", "command": "sync", "listing": "changes",
                "dry_run": false, "started": "2026-04-19T02:00:00.000Z",
                "finished": "2026-04-19T02:00:04.100Z", "result": "ok", "exit_code": 0,
                "message": ""},
        "source": {"id": "root1", "path": "claude/files"},
        "destination": "/srv/mirror",
        "counts": {"unchanged": 1204, "download": 3, "update": 1, "rename": 1, "delete": 2,
                   "mkdir": 0, "rmdir": 0, "skip": 0, "fail": 0},
        "bytes": {"downloaded": 1258291, "planned": 1258291},
        "quota_units": 1850,
        "guards": [
            {"name": "empty-source", "limit": 0, "planned": 0, "tripped": false},
            {"name": "max-delete", "limit": 25, "planned": 2, "tripped": false},
            {"name": "max-delete-percent", "limit": 12.5, "planned": 2, "tripped": false}],
        "plan": null,
        "warnings": [],
        "actions": [{"action": "rename", "path": "b.txt", "from": "a.txt", "size": 7,
                     "reason": "moved", "id": "id1", "outcome": "done", "error": ""}]
    })");
    EXPECT_EQ(report, expected) << report.dump(2);
}

TEST(ReportJson, NamesAWithheldPlanAndItsDeletes) {
    model::Action gone = action(ActionKind::remove, "old.txt");
    gone.outcome = ActionOutcome::withheld;
    const json report = json::parse(json_of(testing::withheld_run(), {gone}));

    EXPECT_EQ(report["run"]["result"], "guard");
    EXPECT_EQ(report["run"]["exit_code"], 4);
    EXPECT_EQ(report["plan"], "0123456789abcdef");
    EXPECT_EQ(report["counts"]["delete"], 40);
    EXPECT_EQ(report["guards"][1]["tripped"], true);
    EXPECT_EQ(report["actions"][0]["action"], "delete");
    EXPECT_EQ(report["actions"][0]["outcome"], "withheld");
    EXPECT_FALSE(report["actions"][0].contains("from"));
}

TEST(ReportJson, IsValidWithoutActions) {
    const json report = json::parse(json_of({}, {}));
    EXPECT_EQ(report["actions"], json::array());
    EXPECT_EQ(report["run"]["started"], nullptr);
}

TEST(ReportJson, SeparatesManyActions) {
    std::vector<model::Action> many(1'000, action(ActionKind::download, "x"));
    EXPECT_EQ(json::parse(json_of({}, many))["actions"].size(), 1'000U);
}

TEST(ReportJson, StaysValidWithAnyName) {
    const json report = json::parse(json_of({}, {action(ActionKind::download, "a\"b\\c\nd\x01"),
                                                 action(ActionKind::download, "bad\xff.txt"),
                                                 action(ActionKind::download, "Grüße／x")}));
    EXPECT_EQ(report["actions"][0]["path"], "a\"b\\c\nd\x01");
    EXPECT_EQ(report["actions"][1]["path"], "bad\xEF\xBF\xBD.txt");
    EXPECT_EQ(report["actions"][2]["path"], "Grüße／x");
}

TEST(ReportJson, PassesOnAFailingSource) {
    std::string text;
    const auto written = write_json(
        {}, [](const auto&) -> Status { return error(Code::io, "the database is gone"); },
        into(text));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Code::io);
}

TEST(ReportJson, StopsAtAFailingWriter) {
    int actions_asked = 0;
    const auto written = write_json(
        {},
        [&](const auto& each) -> Status {
            for (; actions_asked < 10; ++actions_asked) {
                GDS_CHECK(each(action(ActionKind::download, "x")));
            }
            return {};
        },
        [](std::string_view text) -> Status {
            return text.find("download\",") == std::string_view::npos
                       ? Status()
                       : error(Code::disk_full, "full");
        });
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Code::disk_full);
    EXPECT_EQ(actions_asked, 0);
}

TEST(ReportFile, ReplacesTheOldReport) {
    const testing::TempDir directory;
    const std::string path = directory.file("report.json");
    testing::write(path, "old");
    // More than one buffer of it.
    std::vector<model::Action> many(2'000, action(ActionKind::download, std::string(100, 'x')));
    ASSERT_TRUE(write_json_file(path, testing::sample_run(), from(many)));

    EXPECT_EQ(json::parse(testing::read(path))["actions"].size(), 2'000U);
    EXPECT_EQ(directory.entries(), 1U);
}

TEST(ReportFile, KeepsTheOldReportWhereTheNewOneFails) {
    const testing::TempDir directory;
    const std::string path = directory.file("report.json");
    testing::write(path, "old");
    const auto written =
        write_json_file(path, testing::sample_run(), [](const auto& each) -> Status {
            GDS_CHECK(each(action(ActionKind::download, "x")));
            return error(Code::io, "the database is gone");
        });
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("report"));
    EXPECT_EQ(testing::read(path), "old");
    EXPECT_EQ(directory.entries(), 1U);
}

TEST(ReportFile, NamesTheFileThatCannotBeWritten) {
    const testing::TempDir directory;
    const auto written = write_json_file(directory.file("no/such/report.json"), {}, from({}));
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("no/such/report.json"));
}

TEST(ReportFile, WritesThroughALinkInsteadOfReplacingIt) {
    const testing::TempDir directory;
    testing::write(directory.file("target"), std::string(100'000, 'x'));
    ASSERT_EQ(::symlink("target", directory.file("link").c_str()), 0);
    ASSERT_TRUE(write_json_file(directory.file("link"), testing::sample_run(), from({})));

    EXPECT_TRUE(std::filesystem::is_symlink(directory.file("link")));
    EXPECT_EQ(json::parse(testing::read(directory.file("target")))["schema"], 1);
}

}  // namespace
}  // namespace gds::report
