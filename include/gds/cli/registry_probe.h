#pragma once

#include "gds/base/exit_code.h"

namespace gds::cli {

/// The program registry-probe: arguments in, exit code out.
ExitCode registry_probe(int argc, char** argv);

}  // namespace gds::cli
