#pragma once

#include "gds/base/result.h"
#include "gds/model/run.h"

#include <string>

namespace gds::report {

/// Prometheus text format (0.0.4) of one run: every gdrive_sync_* series of the contract, 0 where
/// nothing counts yet, HELP and TYPE for each, labels `source` and `destination` on all but
/// build_info. An unknown last success is left out.
std::string metrics_text(const model::RunRecord& run);

/// metrics_text() into a file by rename. A last success that `run` does not know (0) is taken over
/// from the file that is there.
Status write_metrics_file(const std::string& path, const model::RunRecord& run);

}  // namespace gds::report
