#pragma once

#include "gds/base/cancel.h"
#include "gds/registry/client.h"
#include "gds/registry/report.h"
#include "gds/registry/settings.h"
#include "gds/report/progress.h"
#include "walker.h"

#include <chrono>
#include <string>

namespace gds::registry {

/// Sleep until then, or until the run is stopped.
void sleep_until(std::chrono::steady_clock::time_point end, const Cancel& cancel);

/// The times of a run, and the deadline that its settings give it.
class RunClock {
public:
    RunClock(Cancel& cancel, Millis max_duration);

    void stamp(Report& report) const;

private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::int64_t started_ms_;
};

/// What a stop means for the exit code: a signal's own code; a deadline leaves the run incomplete.
ExitCode stopped_code(const Cancel& cancel);

/// What an error says of the whole registry: credentials refused, or out of reach.
ExitCode registry_code(const Error& failure, const Cancel& cancel);

/// A client for a host, with its login. Error: invalid_argument for unusable credentials.
Result<ClientSettings> client_settings(const ConnectionSettings& settings,
                                       const std::string& registry);

/// Figures of a walk on the progress line.
report::ProgressFigures figures_of(const Counts& counts);

/// What the walk and the client counted, into the report.
void add_counts(Report& report, const Walker& walker, const http::Counters& counters);

}  // namespace gds::registry
