#include "gds/base/exit_code.h"

#include <algorithm>
#include <array>

namespace gds {

std::string_view exit_code_name(ExitCode code) {
    switch (code) {
        case ExitCode::ok: return "ok";
        case ExitCode::internal: return "internal";
        case ExitCode::usage: return "usage";
        case ExitCode::auth: return "auth";
        case ExitCode::guard: return "guard";
        case ExitCode::partial: return "partial";
        case ExitCode::source: return "source";
        case ExitCode::destination: return "destination";
        case ExitCode::busy: return "busy";
        case ExitCode::incomplete: return "incomplete";
        case ExitCode::differs: return "differs";
        case ExitCode::broken: return "broken";
        case ExitCode::interrupted:
        case ExitCode::terminated: return "interrupted";
    }
    return "internal";
}

ExitCode most_serious(ExitCode a, ExitCode b) {
    static constexpr std::array kOrder = {
        ExitCode::terminated, ExitCode::interrupted, ExitCode::internal,   ExitCode::usage,
        ExitCode::auth,       ExitCode::destination, ExitCode::source,     ExitCode::busy,
        ExitCode::guard,      ExitCode::broken,      ExitCode::incomplete, ExitCode::partial,
        ExitCode::differs,    ExitCode::ok};
    return std::find(kOrder.begin(), kOrder.end(), a) < std::find(kOrder.begin(), kOrder.end(), b)
               ? a
               : b;
}

ExitCode stop_code(StopReason reason) {
    switch (reason) {
        case StopReason::interrupted: return ExitCode::interrupted;
        case StopReason::terminated: return ExitCode::terminated;
        case StopReason::deadline:
        case StopReason::none: break;
    }
    return ExitCode::partial;
}

}  // namespace gds
