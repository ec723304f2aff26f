#include "gds/report/status.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace gds::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNow = 1'776'564'000'000;  // 2026-04-19T02:00:00Z

StatusView full_view() {
    StatusView view;
    view.destination = "/srv/mirror";
    view.source = "claude/files";
    view.source_id = "root1";
    view.account = "mirror@example.org";
    view.schema = 3;
    view.now_ms = kNow;
    view.files = 1210;
    view.bytes = 99'000'000;
    view.trash_bytes = 2048;
    view.free_bytes = 1LL << 30;
    view.last_success_ms = kNow - 723'000;
    view.change_feed = true;
    StatusRun run;
    run.id = "run2";
    run.command = "sync";
    run.result = "guard";
    run.exit_code = 4;
    run.message = "40 deletes withheld";
    run.started_ms = kNow - 60'000;
    run.finished_ms = kNow - 55'000;
    run.downloaded = 3;
    view.runs = {run};
    view.guards = {{"max-delete", 25, 40, true}};
    view.withheld = StatusWithheld{"0123456789abcdef", 40, {"a/b", "bad\xff"}, false};
    view.parked = {{"x.docx", "unavailable", "Drive answered 503", 2, kNow + 120'000}};
    view.parked_counts = {{"unavailable", 2}, {"blocked", 1}};
    view.warnings = {"the token has a wider scope than it needs"};
    return view;
}

TEST(StatusText, TellsEverythingThatIsKnown) {
    EXPECT_EQ(status_text(full_view()), R"(destination       /srv/mirror
source            claude/files (id root1)
account           mirror@example.org
mirror            1210 files, 94.4 MiB
kept in the trash 2.0 KiB
free              1.0 GiB
last success      2026-04-19T01:47:57Z (12m03s ago)
last full listing never
next listing      from the change feed
state schema      3
guard             max-delete: tripped, 40 deletes planned
last runs:
  run2  sync    guard       3 new, 0 updated, 0 renamed, 0 deleted, 0 failed, 0 B; 2026-04-19T01:59:00Z (1m00s ago)
    40 deletes withheld
withheld: 40 deletes, plan 0123456789abcdef
  - a/b
  - bad\xff
  and 38 more
  if they are intended: gdrive-sync approve 0123456789abcdef
parked: 3 items
  ! x.docx: unavailable: Drive answered 503 (2 attempts, next 2026-04-19T02:02:00Z (in 2m00s))
  and 2 more
warning: the token has a wider scope than it needs
)");
}

TEST(StatusText, OfANewVolumeIsShort) {
    StatusView view;
    view.destination = "/srv/mirror";
    const std::string text = status_text(view);
    EXPECT_THAT(text, HasSubstr("last success      never\n"));
    EXPECT_THAT(text, HasSubstr("account           not known\n"));
    EXPECT_THAT(text, HasSubstr("next listing      in full\n"));
    EXPECT_THAT(text, Not(HasSubstr("last runs")));
    EXPECT_THAT(text, Not(HasSubstr("parked")));
}

TEST(StatusText, SaysThatAnApprovalWaits) {
    StatusView view = full_view();
    view.withheld->approved = true;
    const std::string text = status_text(view);
    EXPECT_THAT(text, HasSubstr("approved: the next sync carries them out\n"));
    EXPECT_THAT(text, Not(HasSubstr("gdrive-sync approve")));
}

TEST(StatusText, NamesTheRunThatIsUnderWay) {
    StatusView view = full_view();
    view.running = view.runs.front();
    view.running->id = "run3";
    view.running->result = "running";
    EXPECT_THAT(status_text(view), HasSubstr("running now:\n  run3  sync    running"));
}

TEST(StatusJson, HoldsTheSame) {
    const json status = json::parse(status_json(full_view()));
    EXPECT_EQ(status["schema"], 1);
    EXPECT_EQ(status["state_schema"], 3);
    EXPECT_EQ(status["source"], json::parse(R"({"id": "root1", "path": "claude/files"})"));
    EXPECT_EQ(status["last_success"], "2026-04-19T01:47:57.000Z");
    EXPECT_EQ(status["last_full_listing"], nullptr);
    EXPECT_EQ(status["running"], nullptr);
    EXPECT_EQ(status["runs"][0]["result"], "guard");
    EXPECT_EQ(status["guards"][0]["tripped"], true);
    EXPECT_EQ(status["withheld"]["plan"], "0123456789abcdef");
    EXPECT_EQ(status["withheld"]["first_paths"][1], "bad\xEF\xBF\xBD");
    EXPECT_EQ(status["parked"]["counts"]["blocked"], 1);
    EXPECT_EQ(status["parked"]["items"][0]["next_try"], "2026-04-19T02:02:00.000Z");
}

TEST(StatusJson, OfANewVolumeIsValid) {
    const json status = json::parse(status_json({}));
    EXPECT_EQ(status["runs"], json::array());
    EXPECT_EQ(status["parked"]["counts"], json::object());
    EXPECT_EQ(status["withheld"], nullptr);
}

TEST(ParseStatus, ReadsWhatStatusJsonWrote) {
    StatusView view = full_view();
    view.running = view.runs.front();
    const auto again = parse_status(status_json(view));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(status_json(*again), status_json(view));
    EXPECT_EQ(again->now_ms, view.now_ms);
}

TEST(ParseStatus, RefusesAnythingElse) {
    for (const char* text : {"", "{", "[]", "{}", R"({"written": 5})"}) {
        const auto view = parse_status(text);
        ASSERT_FALSE(view) << text;
        EXPECT_EQ(view.error().code, Code::invalid_argument);
    }
}

}  // namespace
}  // namespace gds::report
