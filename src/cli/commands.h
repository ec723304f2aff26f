#pragma once

#include "gds/config/config.h"

#include <string>
#include <string_view>
#include <vector>

namespace gds::cli {

/// One command of a program.
struct Command {
    std::string_view name;      ///< "sync", "auth login"
    std::string_view argument;  ///< positional, "" for none; "IMAGE..." may be several
    std::string_view summary;
    std::string_view text;
    std::string_view examples;
    std::string_view argument_hint = {};  ///< where the argument is to be found, if it is missing
};

/// What a program's command line and its --help are made of.
struct Interface {
    const config::Program& program;
    std::vector<Command> commands;
    std::string_view purpose;     ///< first line of --help
    std::string_view notes;       ///< what else there is to know
    std::string_view exit_codes;  ///< their table
};

const Interface& gdrive_sync_interface();
const Interface& registry_probe_interface();

/// nullptr where there is none of that name.
const Command* find_command(const Interface& interface, std::string_view name);

/// What --help prints: of the program for an empty name, else of that command.
std::string help_text(const Interface& interface, std::string_view command);

}  // namespace gds::cli
