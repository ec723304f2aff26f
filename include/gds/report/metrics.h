#pragma once

#include "gds/base/result.h"
#include "gds/model/run.h"

#include <string>

namespace gds::report {

/// Prometheus text format (0.0.4) of one run: every gdrive_sync_* series of the contract, 0 where
/// nothing counts yet, HELP and TYPE for each, labels `source` and `destination` on all but
/// build_info. What the run does not know is left out: a last success that is 0, and what the
/// mirror holds where the run ended before it could look (RunRecord::mirror_unknown).
std::string metrics_text(const model::RunRecord& run);

/// The same into a file by rename. What the run does not know is taken over from the file that is
/// there; what is not there either is 0, but for the last success, which is left out.
Status write_metrics_file(const std::string& path, const model::RunRecord& run);

}  // namespace gds::report
