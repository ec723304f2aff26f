#pragma once

#include "gds/base/result.h"
#include "gds/model/run.h"

#include <cstdint>
#include <functional>
#include <string>

namespace gds::report {

/// Takes pieces of an output as they are made, so that a report is never held whole.
using Writer = std::function<Status(std::string_view)>;

/// The JSON report (contract, schema 1), streamed.
Status write_json(const model::RunRecord& run, const model::ActionSource& actions,
                  const Writer& out);
/// The same into a file, whole or not at all (temporary, fsync, rename).
Status write_json_file(const std::string& path, const model::RunRecord& run,
                       const model::ActionSource& actions);
/// The text diff: "+ path", "~ path", "> old -> new", "- path", "! path: why", guard verdicts, and
/// a last line that is summary_line().
Status write_text(const model::RunRecord& run, const model::ActionSource& actions,
                  const Writer& out);
/// "sync ok: 3 new, 1 updated, 1 renamed, 2 deleted, 1204 unchanged, 1.2 MiB in 4.1s"
std::string summary_line(const model::RunRecord& run);

}  // namespace gds::report
