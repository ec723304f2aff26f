#include "program.h"

#include "gds/base/log.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace gds::cli {

namespace {

/// Whoever closed a standard stream would have the next file that is opened take its number, and
/// answers would go into it. What stands in its place refuses every byte.
void keep_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) < 0) {
            // Takes the lowest number that is free, which is `stream`; kept open to the end.
            [[maybe_unused]] const int held =
                ::open("/dev/null", O_CLOEXEC | (stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
}

/// What a large answer took goes back to the system at once: left to itself, glibc gets used to
/// large blocks and keeps them. The few threads here share one arena.
void keep_memory_small() {
    constexpr int kLargeBlock = 128 * 1024;
    // Before the first thread. Where the allocator takes no such wish, it only holds more.
    // NOLINTBEGIN(concurrency-mt-unsafe)
    (void)::mallopt(M_MMAP_THRESHOLD, kLargeBlock);
    (void)::mallopt(M_TRIM_THRESHOLD, kLargeBlock);
    (void)::mallopt(M_ARENA_MAX, 1);
    // NOLINTEND(concurrency-mt-unsafe)
}

/// A mistake in the options is told in the form that was asked for, as far as that can be known
/// without them.
void speak_json_early(const config::Program& program, const config::Flags& flags) {
    const config::Option& option = *config::find_option("log-format", program);
    const auto flag = flags.find(option.name);
    const std::string format =
        flag != flags.end() && !flag->second.empty()
            ? flag->second.back()
            : environment(config::variable_name(option, program)).value_or("");
    if (format == "json") {
        log::configure(log::Level::info, log::Format::json);
    }
}

void set_up_log(const config::Program& program, const config::Resolved& options) {
    static const std::map<std::string, log::Level> levels = {
        {"trace", log::Level::trace}, {"debug", log::Level::debug}, {"info", log::Level::info},
        {"warn", log::Level::warn},   {"error", log::Level::error}, {"off", log::Level::off}};
    log::configure(levels.at(options.text("log-level")),
                   options.text("log-format") == "json" ? log::Format::json : log::Format::text);
    std::vector<std::string> names;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        names.emplace_back(text.substr(0, text.find('=')));
    }
    for (const std::string& name : config::unknown_variables(names, program)) {
        log::warn("this environment variable means nothing here; is it misspelt?",
                  {{"name", name}});
    }
}

ExitCode run_command(const Interface& interface, int argc, char** argv, const Dispatch& dispatch) {
    const auto line = parse_command_line(interface, argc, argv);
    if (!line) {
        return usage(line.error());
    }
    const config::Program& program = interface.program;
    if (line->help || line->version) {
        const Status said = print(line->help ? help_text(interface, line->command)
                                             : fmt::format("{} {}\n", program.name, GDS_VERSION));
        return said ? ExitCode::ok : ExitCode::internal;
    }
    speak_json_early(program, line->flags);
    const auto options = config::Resolved::make(line->flags, environment, program);
    if (!options) {
        return usage(options.error());
    }
    set_up_log(program, *options);
    return dispatch(*line, *options);
}

}  // namespace

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Status print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
        return errno_error(errno, "standard output");
    }
    return {};
}

ExitCode usage(const Error& problem) {
    log::error(problem.message);
    return ExitCode::usage;
}

report::ProgressMode progress_mode(const std::string& text) {
    return text == "on"    ? report::ProgressMode::on
           : text == "off" ? report::ProgressMode::off
                           : report::ProgressMode::automatic;
}

ExitCode run_program(const Interface& interface, int argc, char** argv, const Dispatch& dispatch) {
    keep_standard_streams();
    keep_memory_small();
    const ExitCode code = run_command(interface, argc, argv, dispatch);
    if (std::fflush(stdout) != 0) {
        log::error("standard output could not be written; is its disk full, or its reader gone?");
        return most_serious(code, ExitCode::internal);
    }
    return code;
}

}  // namespace gds::cli
