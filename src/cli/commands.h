#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gds::cli {

/// One command of gdrive-sync.
struct Command {
    std::string_view name;      ///< "sync", "auth login"
    std::string_view argument;  ///< positional, "" for none
    std::string_view summary;
    std::string_view text;
    std::string_view examples;
};

const std::vector<Command>& command_table();
/// nullptr where there is none of that name.
const Command* find_command(std::string_view name);

/// What --help prints: of the program for an empty name, else of that command.
std::string help_text(std::string_view command);

}  // namespace gds::cli
