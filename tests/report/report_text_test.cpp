#include "samples.h"

#include <gmock/gmock.h>

namespace gds::report {
namespace {

using model::ActionKind;
using model::ActionOutcome;
using testing::action;
using ::testing::EndsWith;
using testing::from;
using ::testing::HasSubstr;
using testing::into;
using ::testing::Not;

std::string text_of(const model::RunRecord& run, const std::vector<model::Action>& actions) {
    std::string text;
    EXPECT_TRUE(write_text(run, from(actions), into(text)));
    return text;
}

TEST(ReportText, IsOneLineAnActionAndASummary) {
    model::Action rename = action(ActionKind::rename, "b.txt");
    rename.from = "a.txt";
    model::Action skip = action(ActionKind::skip, "form");
    skip.error = "a Google form cannot be exported";
    model::RunRecord run = testing::sample_run();
    run.command = "diff";
    run.dry_run = true;
    run.counts = {.unchanged = 5,
                  .download = 1,
                  .update = 1,
                  .rename = 1,
                  .remove = 1,
                  .mkdir = 1,
                  .rmdir = 1,
                  .skip = 1};
    const std::string text =
        text_of(run, {action(ActionKind::mkdir, "new"), rename,
                      action(ActionKind::download, "new/x"), action(ActionKind::update, "y"),
                      action(ActionKind::remove, "z"), action(ActionKind::rmdir, "old"), skip});
    EXPECT_EQ(text,
              "+ new/\n"
              "> a.txt -> b.txt\n"
              "+ new/x\n"
              "~ y\n"
              "- z\n"
              "- old/\n"
              "! form: a Google form cannot be exported\n"
              "diff ok: 1 new, 1 updated, 1 renamed, 1 deleted, 5 unchanged, 1 folder made, "
              "1 folder removed, 1 skipped, 1.2 MiB to download\n");
}

TEST(ReportText, ShowsAFailureInPlaceOfTheAction) {
    model::Action failed = action(ActionKind::update, "y");
    failed.outcome = ActionOutcome::failed;
    failed.error = "checksum differs";
    EXPECT_THAT(text_of(testing::sample_run(), {failed}),
                ::testing::StartsWith("! y: checksum differs\nsync ok:"));
}

TEST(ReportText, MakesControlCharactersVisible) {
    const std::string text = text_of({}, {action(ActionKind::download, "a\nb\033[2J\xff")});
    EXPECT_THAT(text, ::testing::StartsWith("+ a\\x0ab\\x1b[2J\\xff\n"));
}

TEST(ReportText, SaysWhichGuardTrippedAndHowToApprove) {
    const std::string text = text_of(testing::withheld_run(), {action(ActionKind::remove, "z")});
    EXPECT_THAT(text, HasSubstr("\nguard max-delete: 40 deletes planned, more than 25; all are "
                                "withheld; if they are intended: gdrive-sync approve "
                                "0123456789abcdef\n"));
    EXPECT_THAT(text, Not(HasSubstr("guard empty-source")));
}

TEST(ReportText, SaysThatTheSourceIsEmpty) {
    model::RunRecord run = testing::withheld_run();
    run.guards = {{"empty-source", 0, 40, true}};
    EXPECT_THAT(text_of(run, {}), HasSubstr("guard empty-source: the source holds no file any "
                                            "more, 40 deletes withheld; "));
}

TEST(Summary, OfASuccess) {
    EXPECT_EQ(summary_line(testing::sample_run()),
              "sync ok: 3 new, 1 updated, 1 renamed, 2 deleted, 1204 unchanged, 1.2 MiB in 4.1s");
}

TEST(Summary, CountsNoWithheldDeleteAsDone) {
    EXPECT_EQ(summary_line(testing::withheld_run()),
              "sync guard: 3 new, 1 updated, 1 renamed, 0 deleted, 1204 unchanged, "
              "40 deletes withheld, 1.2 MiB in 4.1s; if the withheld deletes are intended: "
              "gdrive-sync approve 0123456789abcdef");
}

TEST(Summary, TellsWhatWasDoneNotWhatWasPlanned) {
    model::RunRecord run = testing::sample_run();
    run.exit_code = ExitCode::source;
    run.counts.fail = 1;
    run.done = model::Counts{.download = 2, .rename = 1, .mkdir = 1};
    EXPECT_EQ(summary_line(run),
              "sync source: 2 new, 0 updated, 1 renamed, 0 deleted, 1204 unchanged, "
              "1 folder made, 1 failed, 1.2 MiB in 4.1s");
}

TEST(Summary, SpeaksOfOneDelete) {
    model::RunRecord run = testing::withheld_run();
    run.withheld_deletes = 1;
    EXPECT_THAT(summary_line(run), HasSubstr(", 1 delete withheld, "));
}

TEST(Summary, NamesThePlanOnlyOnce) {
    model::RunRecord run = testing::withheld_run();
    run.message = "plan 0123456789abcdef waits for approval";
    EXPECT_THAT(summary_line(run), EndsWith("; plan 0123456789abcdef waits for approval"));
}

TEST(Summary, OfARunThatEndedBeforeItsPlanIsItsMessage) {
    model::RunRecord run;
    run.command = "sync";
    run.exit_code = ExitCode::auth;
    run.message = "the refresh token was revoked: run gdrive-sync auth login";
    EXPECT_EQ(summary_line(run),
              "sync auth: the refresh token was revoked: run gdrive-sync auth login");
}

TEST(Summary, IsOneLineWhateverTheMessage) {
    model::RunRecord run = testing::sample_run();
    run.message = "two\nlines";
    EXPECT_THAT(summary_line(run), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace gds::report
