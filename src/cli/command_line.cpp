#include "command_line.h"

#include "commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

namespace gds::cli {

namespace {

/// All options at the top, which every command falls through to: so each is accepted before and
/// after the command.
void add_options(CLI::App& app, std::map<std::string, std::vector<std::string>>& values) {
    for (const config::Option& option : config::option_table()) {
        const std::string name(option.name);
        if (option.type == config::Type::toggle) {
            app.add_flag("--" + name)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        } else {
            app.add_option("--" + name, values[name])->allow_extra_args(false);
        }
    }
    app.add_flag("-h,--help");
    app.add_flag("--version");
}

void add_commands(CLI::App& app, std::string& argument) {
    CLI::App* auth = nullptr;
    for (const Command& command : command_table()) {
        const auto space = command.name.find(' ');
        CLI::App* parent = &app;
        if (space != std::string_view::npos) {
            if (auth == nullptr) {
                auth = app.add_subcommand(std::string(command.name.substr(0, space)));
                auth->fallthrough();
                auth->set_help_flag();
            }
            parent = auth;
        }
        const auto name =
            space == std::string_view::npos ? command.name : command.name.substr(space + 1);
        CLI::App* sub = parent->add_subcommand(std::string(name));
        sub->fallthrough();
        sub->set_help_flag();
        if (!command.argument.empty()) {
            sub->add_option(std::string(command.argument), argument);
        }
    }
}

std::string chosen_command(const CLI::App& app) {
    std::string name;
    const CLI::App* at = &app;
    for (;;) {
        const auto chosen = at->get_subcommands();
        if (chosen.empty()) {
            return name;
        }
        at = chosen.front();
        name += (name.empty() ? "" : " ") + at->get_name();
    }
}

Status check_usage(const CommandLine& line) {
    const auto bad = [](std::string text) {
        return Status(error(Code::invalid_argument, std::move(text)));
    };
    if (line.help || line.version) {
        return {};
    }
    const Command* command = find_command(line.command);
    if (command == nullptr) {
        return bad(
            line.command.empty()
                ? "no command; gdrive-sync --help lists them"
                : fmt::format("\"{}\" needs one of its own commands; gdrive-sync --help lists "
                              "them",
                              line.command));
    }
    if (!command->argument.empty() && line.argument.empty()) {
        return bad(fmt::format("{} needs {}; gdrive-sync status names it", command->name,
                               command->argument));
    }
    for (const auto& [name, values] : line.flags) {
        const config::Option* option = config::find_option(name);
        if (option != nullptr && !config::takes(*option, line.command)) {
            return bad(fmt::format("{} does not take --{}; see gdrive-sync {} --help", line.command,
                                   name, line.command));
        }
    }
    return {};
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, const char* const* argv) {
    CLI::App app("gdrive-sync");
    app.set_help_flag();
    app.require_subcommand(0, 1);
    CommandLine line;
    std::map<std::string, std::vector<std::string>> values;
    add_options(app, values);
    add_commands(app, line.argument);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return error(Code::invalid_argument,
                     fmt::format("{}; see gdrive-sync --help", problem.what()));
    }
    line.command = chosen_command(app);
    line.help = app.count("--help") > 0;
    line.version = app.count("--version") > 0;
    for (const config::Option& option : config::option_table()) {
        const CLI::Option* given = app.get_option("--" + std::string(option.name));
        if (given->count() > 0) {
            line.flags[std::string(option.name)] = given->results();
        }
    }
    GDS_CHECK(check_usage(line));
    return line;
}

}  // namespace gds::cli
