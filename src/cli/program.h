#pragma once

#include "command_line.h"
#include "commands.h"
#include "gds/base/exit_code.h"
#include "gds/base/result.h"
#include "gds/config/config.h"
#include "gds/report/progress.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gds::cli {

/// A variable of the environment; nullopt where it is not set.
std::optional<std::string> environment(const std::string& name);
/// To standard output.
Status print(std::string_view text);
/// Logs what is wrong with how the program was called.
ExitCode usage(const Error& problem);
/// Of the option --progress.
report::ProgressMode progress_mode(const std::string& text);

using Dispatch = std::function<ExitCode(const CommandLine&, const config::Resolved&)>;

/// A program from its arguments to its exit code: help and version, options by flag, variable and
/// file, the log; then `dispatch` does the work.
ExitCode run_program(const Interface& interface, int argc, char** argv, const Dispatch& dispatch);

}  // namespace gds::cli
