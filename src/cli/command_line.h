#pragma once

#include "commands.h"
#include "gds/base/result.h"
#include "gds/config/config.h"

#include <string>
#include <vector>

namespace gds::cli {

/// What the command line said.
struct CommandLine {
    std::string command;   ///< "sync", "auth login"; "" where none was named
    std::string argument;  ///< approve's PLAN; the first of several
    std::vector<std::string> arguments;
    config::Flags flags;
    bool help = false;
    bool version = false;
};

/// Error: invalid_argument for anything that is no command or option, or that the command does not
/// take.
Result<CommandLine> parse_command_line(const Interface& interface, int argc,
                                       const char* const* argv);

}  // namespace gds::cli
