#pragma once

#include "gds/base/exit_code.h"
#include "gds/registry/report.h"
#include "gds/registry/settings.h"
#include "gds/report/report.h"

namespace gds::registry {

/// What a run ends with, by the most serious of what it holds: credentials refused, broken
/// references, things that could not be asked.
ExitCode judged(const Report& report, bool refused);

/// Settle the report, then write it everywhere: the answer to `out` with the summary as its last
/// line, report file, metrics, push. The report's exit code, or internal where it was ok and
/// something could not be written.
ExitCode deliver(Report& report, const OutputSettings& settings, const report::Writer& out);

}  // namespace gds::registry
