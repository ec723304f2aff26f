#include "status_file.h"

#include "gds/base/log.h"
#include "status_view.h"

namespace gds::run {

namespace {

constexpr std::chrono::seconds kInterval{30};

}  // namespace

StatusFile::StatusFile(const volume::Volume& volume, report::StatusView view)
    : volume_(volume), view_(std::move(view)) {
    write();
}

void StatusFile::progress(const report::ProgressFigures& figures) {
    if (view_.running && std::chrono::steady_clock::now() >= due_) {
        view_.running->message = report::progress_text(figures, 0);
        write();
    }
}

void StatusFile::end(const report::StatusView& view) {
    view_ = view;
    write();
}

void StatusFile::write() {
    view_.now_ms = wall_clock_ms();
    due_ = std::chrono::steady_clock::now() + kInterval;
    const Status written =
        volume::replace_own_file(volume_, kStatusFile, report::status_json(view_));
    if (!written) {
        log::warn("the status file could not be written", {{"because", written.error().message}});
    }
}

}  // namespace gds::run
