#include "gds/cli/gdrive_sync.h"

#include "gds/run/run.h"
#include "login.h"
#include "program.h"
#include "settings.h"

namespace gds::cli {

namespace {

ExitCode dispatch(const CommandLine& line, const config::Resolved& options) {
    static Cancel cancel;  // signals reach it until the process ends
    stop_on_signals(cancel);
    if (line.command == "auth login") {
        return login(options, cancel);
    }
    if (line.command == "auth check") {
        return run::check_credentials(run_settings(line.command, options), cancel, print);
    }
    const bool of_the_volume = line.command == "status" || line.command == "approve";
    if (options.text("dest").empty() && (!of_the_volume || options.text("state-dir").empty())) {
        return usage(
            error(Code::invalid_argument, "no destination: name the directory with --dest DIR"));
    }
    if (line.command == "status") {
        return run::status(volume_settings(options), print);
    }
    if (line.command == "approve") {
        return run::approve(volume_settings(options), line.argument, cancel, print);
    }
    return run::mirror(run_settings(line.command, options), cancel, print);
}

}  // namespace

ExitCode gdrive_sync(int argc, char** argv) {
    return run_program(gdrive_sync_interface(), argc, argv, dispatch);
}

}  // namespace gds::cli
