#pragma once

#include "gds/base/cancel.h"
#include "gds/base/exit_code.h"
#include "gds/registry/settings.h"
#include "gds/report/report.h"

namespace gds::registry {

// The commands of registry-probe. Each writes its answer to `out`, with the summary as its last
// line, and what else was asked for; the exit code is the contract's.

/// Walks a registry from its catalog down.
ExitCode probe(const ProbeSettings& settings, Cancel& cancel, const report::Writer& out);
/// Walks single images, and tells of each thing that it looked at.
ExitCode verify(const VerifySettings& settings, Cancel& cancel, const report::Writer& out);
/// Reads a registry's own tree, never writing to it: what the registry would fail to serve
/// (broken), what a garbage collection would fail at or lose (warnings).
ExitCode scan(const ScanSettings& settings, Cancel& cancel, const report::Writer& out);
/// Looks again at what was reported, plans how to heal it or remove it, and where told so does it.
ExitCode repair(const RepairSettings& settings, Cancel& cancel, const report::Writer& out);

}  // namespace gds::registry
