#include "commands.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::cli {

namespace {

std::vector<Command> gdrive_sync_commands() {
    return {
        {"sync", "", "make the destination equal to the Drive folder",
         "One run: list the folder, plan, let the guards judge the plan, apply it. A run that "
         "finds\n"
         "nothing new changes nothing. This is what a CronJob runs.",
         "  gdrive-sync sync --source claude/files --dest /srv/content\n"
         "  gdrive-sync sync --source claude/files --dest /srv/content \\\n"
         "      --rclone-config /secrets/rclone.conf --rclone-remote gdrive\n"
         "  gdrive-sync sync --source-id 1AbC... --dest /srv/content --exclude '*.tmp' \\\n"
         "      --metrics-file /var/lib/metrics/gdrive-sync.prom\n"},
        {"resync", "", "the same, with every local file verified by checksum",
         "A one-shot manual run: full listing from scratch, every file of the destination read "
         "and\n"
         "compared, what is damaged or missing fetched again. The guards stay in force.",
         "  gdrive-sync resync --source claude/files --dest /srv/content --lock-wait 15m\n"},
        {"diff", "", "say what sync would do, without doing it",
         "A dry run: nothing is written, neither to the destination nor to the state. Every delete "
         "is\n"
         "listed, whatever the limits, with the verdict of each guard.",
         "  gdrive-sync diff --source claude/files --dest /srv/content\n"
         "  gdrive-sync diff --source claude/files --dest /srv/content --format json "
         "--exit-code\n"},
        {"status", "", "what the mirror holds, its last runs, what waits for a person",
         "Needs neither the network nor credentials, and waits for no lock.",
         "  gdrive-sync status --dest /srv/content\n"
         "  gdrive-sync status --dest /srv/content --format json\n"},
        {"approve", "PLAN", "let one withheld plan through, once",
         "A guard that trips withholds every delete of the run and names the plan. Approving it "
         "lets\n"
         "exactly that set of deletes through at the next sync; should the set change meanwhile, "
         "the\n"
         "approval is void.",
         "  gdrive-sync approve 3f2a9c0d17be5544 --dest /srv/content\n",
         "gdrive-sync status names it"},
        {"auth login", "", "obtain a refresh token in a browser",
         "Prints an address to open, waits for the browser to come back to 127.0.0.1, and writes "
         "the\n"
         "credentials to a file of mode 0600. The client's secret is given as\n"
         "GDRIVE_SYNC_CLIENT_SECRET or GDRIVE_SYNC_CLIENT_SECRET_FILE.",
         "  gdrive-sync auth login --client-id ID.apps.googleusercontent.com --output token.json\n"
         "  ssh -L 8085:127.0.0.1:8085 server   # then, on the server:\n"
         "  gdrive-sync auth login --client-id ID --output token.json --port 8085\n"},
        {"auth check", "", "say whether the credentials work, and for whom",
         "Fetches a token, names the account and the scope, and looks for the source folder.",
         "  gdrive-sync auth check --credentials token.json --source claude/files\n"},
    };
}

constexpr std::string_view kExitCodes =
    "Exit codes:\n"
    "  0 ok    1 internal   2 usage     3 credentials refused   4 a guard withheld deletes\n"
    "  5 some items failed  6 source    7 destination           8 another run is at work\n"
    "  10 diff --exit-code found differences   130/143 interrupted\n";

constexpr std::string_view kNotes =
    "Every option can also be given before the command, as an environment variable\n"
    "(--max-delete is GDRIVE_SYNC_MAX_DELETE), or in a TOML file named with --config.\n"
    "Credentials come from GDRIVE_SYNC_CLIENT_ID, GDRIVE_SYNC_CLIENT_SECRET and\n"
    "GDRIVE_SYNC_REFRESH_TOKEN (or the same with _FILE), from --rclone-config, or from\n"
    "--credentials.\n";

std::string option_lines(const Interface& interface, std::string_view command) {
    std::string text;
    std::string_view group;
    for (const config::Option& option : interface.program.options) {
        if (!config::takes(option, command)) {
            continue;
        }
        if (option.group != group) {
            group = option.group;
            text += fmt::format("\n{}:\n", group);
        }
        const std::string name = fmt::format(
            "--{}{}{}", option.name, option.value_name.empty() ? "" : " ", option.value_name);
        const bool tell = !option.preset.empty() && option.preset != "false";
        text += fmt::format("  {:<30} {}{}\n", name, option.help,
                            tell ? fmt::format(" [{}]", option.preset) : "");
    }
    return text;
}

std::string program_help(const Interface& interface) {
    const std::string_view program = interface.program.name;
    std::string text =
        fmt::format("{}\n\nUsage: {} COMMAND [options]\n\nCommands:\n", interface.purpose, program);
    for (const Command& command : interface.commands) {
        text += fmt::format("  {:<12} {}\n", command.name, command.summary);
    }
    return text + fmt::format(
                      "\n{}\nExamples:\n{}\n{}\n{} COMMAND --help tells more; {} --version "
                      "the version.\n",
                      interface.notes, interface.commands.front().examples, interface.exit_codes,
                      program, program);
}

}  // namespace

const Interface& gdrive_sync_interface() {
    static const Interface interface {
        config::gdrive_sync(), gdrive_sync_commands(),
            "gdrive-sync mirrors one Google Drive folder onto one directory, read-only at the "
            "source.",
            kNotes, kExitCodes
    };
    return interface;
}

const Command* find_command(const Interface& interface, std::string_view name) {
    const auto& table = interface.commands;
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Command& command) { return command.name == name; });
    return found == table.end() ? nullptr : &*found;
}

std::string help_text(const Interface& interface, std::string_view name) {
    const Command* command = find_command(interface, name);
    if (command == nullptr) {
        return program_help(interface);
    }
    const std::string_view program = interface.program.name;
    return fmt::format(
        "{} {}: {}\n\n{}\n\nUsage: {} {}{}{} [options]\n{}\n"
        "Examples:\n{}\n{}",
        program, command->name, command->summary, command->text, program, command->name,
        command->argument.empty() ? "" : " ", command->argument,
        option_lines(interface, command->name), command->examples, interface.exit_codes);
}

}  // namespace gds::cli
