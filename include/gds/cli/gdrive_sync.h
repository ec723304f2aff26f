#pragma once

#include "gds/base/exit_code.h"

namespace gds::cli {

/// The program gdrive-sync: parse, resolve the options, run the command.
ExitCode gdrive_sync(int argc, char** argv);

}  // namespace gds::cli
