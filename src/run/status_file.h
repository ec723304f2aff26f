#pragma once

#include "gds/report/progress.h"
#include "gds/report/status.h"
#include "gds/volume/volume.h"

#include <chrono>

namespace gds::run {

/// DEST/.gdrive-sync/status.json: a run's own words, for whoever cannot read the database while the
/// run holds it. Written at the start, every 30 s and at the end. That it cannot be written is
/// logged and changes nothing else.
class StatusFile {
public:
    /// `view` with the run that begins in `running`.
    StatusFile(const volume::Volume& volume, report::StatusView view);

    /// Cheap to call often.
    void progress(const report::ProgressFigures& figures);
    /// The run is over: its last view.
    void end(const report::StatusView& view);

private:
    void write();

    const volume::Volume& volume_;
    report::StatusView view_;
    std::chrono::steady_clock::time_point due_;
};

}  // namespace gds::run
