#pragma once

#include "gds/model/run.h"
#include "gds/report/report.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace gds::report::testing {

/// A sync that did one of everything.
inline model::RunRecord sample_run() {
    model::RunRecord run;
    run.id = "20260419T020000Z-ab12";
    run.command = "sync";
    run.full_listing = false;
    run.started_ms = 1'776'564'000'000;
    run.finished_ms = 1'776'564'004'100;
    run.duration_ms = 4'100;
    run.source_id = "root1";
    run.source_path = "claude/files";
    run.destination = "/srv/mirror";
    run.counts = {.unchanged = 1204, .download = 3, .update = 1, .rename = 1, .remove = 2};
    run.bytes_downloaded = 1'258'291;
    run.bytes_planned = 1'258'291;
    run.quota_units = 1'850;
    run.guards = {{"empty-source", 0, 0, false},
                  {"max-delete", 25, 2, false},
                  {"max-delete-percent", 12.5, 2, false}};
    run.files = 1210;
    run.bytes = 99'000'000;
    run.last_success_ms = 1'776'564'004'100;
    run.last_full_listing_ms = 1'776'500'000'000;
    return run;
}

/// The same run with 40 deletes held back.
inline model::RunRecord withheld_run() {
    model::RunRecord run = sample_run();
    run.exit_code = ExitCode::guard;
    run.counts.remove = 40;
    run.guards[1] = {"max-delete", 25, 40, true};
    run.plan = "0123456789abcdef";
    run.withheld_deletes = 40;
    run.last_success_ms = 0;
    return run;
}

inline model::Action action(model::ActionKind kind, std::string path) {
    model::Action result;
    result.kind = kind;
    result.path = std::move(path);
    return result;
}

inline model::ActionSource from(std::vector<model::Action> actions) {
    return [actions = std::move(actions)](const auto& each) -> Status {
        for (const model::Action& one : actions) {
            GDS_CHECK(each(one));
        }
        return {};
    };
}

/// A Writer that appends to a string.
inline Writer into(std::string& text) {
    return [&text](std::string_view piece) -> Status {
        text += piece;
        return {};
    };
}

/// A directory of its own, removed at the end.
class TempDir {
public:
    TempDir() : path_((std::filesystem::temp_directory_path() / "gds-report-XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr) {
            std::abort();
        }
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] std::size_t entries() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) {
            ++count;
        }
        return count;
    }

private:
    std::string path_;
};

inline std::string read(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

inline void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace gds::report::testing
