#pragma once

#include "gds/base/cancel.h"

#include <string_view>

namespace gds {

/// Exit codes of both programs; the numbers are a contract with scripts and podFailurePolicy.
enum class ExitCode : int {
    ok = 0,
    internal = 1,
    usage = 2,
    auth = 3,
    guard = 4,
    partial = 5,
    source = 6,
    destination = 7,
    busy = 8,
    incomplete = 9,  ///< registry-probe only
    differs = 10,
    broken = 11,  ///< registry-probe only
    interrupted = 130,
    terminated = 143,
};

/// The name used in reports, such as "ok" or "guard".
std::string_view exit_code_name(ExitCode code);

/// The more serious of two outcomes of a run: interruption, then 1, 3, 7, 6, 4, 5, then the rest.
ExitCode most_serious(ExitCode a, ExitCode b);

/// How a run ends that was stopped; a deadline of our own leaves it partial.
ExitCode stop_code(StopReason reason);

}  // namespace gds
