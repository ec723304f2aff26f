#include "command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

namespace gds::cli {

namespace {

/// All options at the top, which every command falls through to: so each is accepted before and
/// after the command.
void add_options(CLI::App& app, const config::Program& program,
                 std::map<std::string, std::vector<std::string>>& values) {
    for (const config::Option& option : program.options) {
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

/// Without the dots that tell people that there may be several.
std::string positional_name(std::string_view argument) {
    return std::string(argument.substr(0, argument.find('.')));
}

void add_commands(CLI::App& app, const Interface& interface, std::vector<std::string>& arguments) {
    CLI::App* auth = nullptr;
    for (const Command& command : interface.commands) {
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
            const bool several = command.argument.ends_with("...");
            sub->add_option(positional_name(command.argument), arguments)
                ->expected(0, several ? CLI::detail::expected_max_vector_size : 1);
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

Status check_usage(const Interface& interface, const CommandLine& line) {
    const std::string_view program = interface.program.name;
    const auto bad = [](std::string text) {
        return Status(error(Code::invalid_argument, std::move(text)));
    };
    if (line.help || line.version) {
        return {};
    }
    const Command* command = find_command(interface, line.command);
    if (command == nullptr) {
        return bad(line.command.empty()
                       ? fmt::format("no command; {} --help lists them", program)
                       : fmt::format("\"{}\" needs one of its own commands; {} --help lists them",
                                     line.command, program));
    }
    if (!command->argument.empty() && line.arguments.empty()) {
        return bad(fmt::format("{} needs {}{}{}", command->name, positional_name(command->argument),
                               command->argument_hint.empty() ? "" : "; ", command->argument_hint));
    }
    for (const auto& [name, values] : line.flags) {
        const config::Option* option = config::find_option(name, interface.program);
        if (option != nullptr && !config::takes(*option, line.command)) {
            return bad(fmt::format("{} does not take --{}; see {} {} --help", line.command, name,
                                   program, line.command));
        }
    }
    return {};
}

}  // namespace

Result<CommandLine> parse_command_line(const Interface& interface, int argc,
                                       const char* const* argv) {
    CLI::App app(std::string(interface.program.name));
    app.set_help_flag();
    app.require_subcommand(0, 1);
    CommandLine line;
    std::map<std::string, std::vector<std::string>> values;
    add_options(app, interface.program, values);
    add_commands(app, interface, line.arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return error(Code::invalid_argument,
                     fmt::format("{}; see {} --help", problem.what(), interface.program.name));
    }
    line.command = chosen_command(app);
    line.argument = line.arguments.empty() ? "" : line.arguments.front();
    line.help = app.count("--help") > 0;
    line.version = app.count("--version") > 0;
    for (const config::Option& option : interface.program.options) {
        const CLI::Option* given = app.get_option("--" + std::string(option.name));
        if (given->count() > 0) {
            line.flags[std::string(option.name)] = given->results();
        }
    }
    GDS_CHECK(check_usage(interface, line));
    return line;
}

}  // namespace gds::cli
