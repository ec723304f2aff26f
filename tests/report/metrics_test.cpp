#include "gds/report/metrics.h"

#include "child_process.h"
#include "gds/report/exposition.h"
#include "samples.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace gds::report {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kRunLabels = R"({source="claude/files",destination="/srv/mirror"})";

std::string series(std::string_view name) {
    return std::string(name) + std::string(kRunLabels);
}

/// The series with one more label.
std::string series(std::string_view name, std::string_view label, std::string_view value) {
    std::string result = series(name);
    result.pop_back();
    return result + "," + std::string(label) + "=\"" + std::string(value) + "\"}";
}

TEST(Metrics, HoldEverySeriesOfTheContract) {
    model::RunRecord run = testing::withheld_run();
    run.last_success_ms = 1'776'560'000'500;
    run.failures = {{"mismatch", 2}};
    run.parked = {{"blocked", 3}};
    run.api_requests = {{"files.list", 12}, {"token", 1}};
    run.api_retries = {{"userRateLimitExceeded", 4}};
    run.feed_misses = 5;
    run.trash_bytes = 6;
    run.free_bytes = 7;
    const std::string text = metrics_text(run);
    for (const std::string& line : {
             series("gdrive_sync_last_run_timestamp_seconds") + " 1776564004.1",
             series("gdrive_sync_last_success_timestamp_seconds") + " 1776560000.5",
             series("gdrive_sync_last_run_duration_seconds") + " 4.1",
             series("gdrive_sync_last_run_exit_code") + " 4",
             series("gdrive_sync_guard_tripped", "guard", "empty-source") + " 0",
             series("gdrive_sync_guard_tripped", "guard", "max-delete") + " 1",
             series("gdrive_sync_guard_tripped", "guard", "max-delete-percent") + " 0",
             series("gdrive_sync_files") + " 1210",
             series("gdrive_sync_bytes") + " 99000000",
             series("gdrive_sync_actions", "action", "delete") + " 40",
             series("gdrive_sync_actions", "action", "download") + " 3",
             series("gdrive_sync_actions", "action", "skip") + " 0",
             series("gdrive_sync_failures", "reason", "mismatch") + " 2",
             series("gdrive_sync_failures", "reason", "disk_full") + " 0",
             series("gdrive_sync_api_requests", "method", "files.list") + " 12",
             series("gdrive_sync_api_requests", "method", "changes.list") + " 0",
             series("gdrive_sync_api_retries", "reason", "userRateLimitExceeded") + " 4",
             series("gdrive_sync_api_retries", "reason", "unavailable") + " 0",
             series("gdrive_sync_quota_units") + " 1850",
             series("gdrive_sync_downloaded_bytes") + " 1258291",
             series("gdrive_sync_listing_full") + " 0",
             series("gdrive_sync_last_full_listing_timestamp_seconds") + " 1776500000",
             series("gdrive_sync_feed_misses") + " 5",
             series("gdrive_sync_withheld_deletes") + " 40",
             series("gdrive_sync_parked_items", "reason", "blocked") + " 3",
             series("gdrive_sync_parked_items", "reason", "mismatch") + " 0",
             series("gdrive_sync_trash_bytes") + " 6",
             series("gdrive_sync_free_bytes") + " 7",
         }) {
        EXPECT_THAT(text, HasSubstr("\n" + line + "\n"));
    }
    EXPECT_THAT(text, ContainsRegex("\ngdrive_sync_build_info\\{version=\"[0-9.]+\"\\} 1\n"));
}

TEST(Metrics, LeaveOutASuccessThatNeverWas) {
    model::RunRecord run = testing::sample_run();
    run.last_success_ms = 0;
    EXPECT_THAT(metrics_text(run), Not(HasSubstr("last_success")));
}

TEST(Metrics, NameTheSourceByIdWhereItHasNoPath) {
    model::RunRecord run = testing::sample_run();
    run.source_path.clear();
    EXPECT_THAT(metrics_text(run), HasSubstr(R"({source="root1",destination="/srv/mirror"})"));
}

TEST(Metrics, PassThroughPromtool) {
    const testing::TempDir directory;
    model::RunRecord run = testing::sample_run();
    run.source_path = "we\"ird\\name\nwith lines\xff";
    const std::string path = directory.file("metrics.prom");
    ASSERT_TRUE(write_metrics_file(path, run));
    testing::ChildProcess promtool({"sh", "-c", "promtool check metrics < \"$0\" 2>&1", path},
                                   STDOUT_FILENO);
    std::string said;
    for (std::string line = promtool.read_line(); !line.empty(); line = promtool.read_line()) {
        said += line;
    }
    EXPECT_EQ(promtool.wait(), 0) << said << testing::read(path);
}

TEST(Exposition, EscapesLabelValues) {
    Exposition out;
    out.gauge("a_things", "Things.");
    out.sample({{"name", "q\"b\\n\nend"}}, std::int64_t{1});
    EXPECT_EQ(out.text(),
              "# HELP a_things Things.\n# TYPE a_things gauge\n"
              "a_things{name=\"q\\\"b\\\\n\\nend\"} 1\n");
    EXPECT_EQ(find_sample(out.text(), "a_things", {{"name", "q\"b\\n\nend"}}), 1.0);
}

TEST(Exposition, FindsOnlyTheSameSeries) {
    const std::string text = "a{x=\"1\"} 5\nab 6\na 7\nbad x\n";
    EXPECT_EQ(find_sample(text, "a", {{"x", "1"}}), 5.0);
    EXPECT_EQ(find_sample(text, "a", {}), 7.0);
    EXPECT_EQ(find_sample(text, "a", {{"x", "2"}}), std::nullopt);
    EXPECT_EQ(find_sample(text, "bad", {}), std::nullopt);
}

class MetricsFile : public ::testing::Test {
protected:
    std::string write(const model::RunRecord& run) {
        EXPECT_TRUE(write_metrics_file(path_, run));
        return testing::read(path_);
    }

    testing::TempDir directory_;
    std::string path_ = directory_.file("metrics.prom");
};

TEST_F(MetricsFile, IsReadableByEveryoneAndLeavesNothingBeside) {
    write(testing::sample_run());
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0644U);
    EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(MetricsFile, TakesOverAnUnknownLastSuccess) {
    write(testing::sample_run());
    const std::string text = write(testing::withheld_run());
    EXPECT_THAT(text, HasSubstr("last_run_exit_code" + std::string(kRunLabels) + " 4\n"));
    EXPECT_THAT(
        text, HasSubstr(series("gdrive_sync_last_success_timestamp_seconds") + " 1776564004.1\n"));
}

TEST_F(MetricsFile, TakesNothingOverFromAnotherMirror) {
    model::RunRecord other = testing::sample_run();
    other.destination = "/srv/other";
    write(other);
    EXPECT_THAT(write(testing::withheld_run()), Not(HasSubstr("last_success")));
}

TEST_F(MetricsFile, TakesNothingOverFromADamagedFile) {
    testing::write(path_, series("gdrive_sync_last_success_timestamp_seconds") + " soon\n\xff");
    EXPECT_THAT(write(testing::withheld_run()), Not(HasSubstr("last_success")));
}

TEST_F(MetricsFile, TakesOverWhatARunDoesNotKnowOfTheMirror) {
    model::RunRecord blind = testing::withheld_run();
    blind.exit_code = ExitCode::busy;
    blind.mirror_unknown = true;
    blind.files = 0;
    EXPECT_THAT(write(blind), HasSubstr(series("gdrive_sync_files") + " 0\n"));
    write(testing::sample_run());
    const std::string text = write(blind);
    EXPECT_THAT(text, HasSubstr(series("gdrive_sync_files") + " 1210\n"));
    EXPECT_THAT(text, HasSubstr(series("gdrive_sync_last_run_exit_code") + " 8\n"));
}

TEST(Metrics, LeaveOutWhatIsNotKnownOfTheMirror) {
    model::RunRecord blind = testing::sample_run();
    blind.mirror_unknown = true;
    EXPECT_THAT(metrics_text(blind), Not(HasSubstr("gdrive_sync_files")));
    EXPECT_THAT(metrics_text(blind), HasSubstr("gdrive_sync_last_run_exit_code"));
}

TEST_F(MetricsFile, NamesTheFileThatCannotBeWritten) {
    const auto written = write_metrics_file(directory_.file("no/x.prom"), testing::sample_run());
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("no/x.prom"));
}

}  // namespace
}  // namespace gds::report
