#include "gds/cli/gdrive_sync.h"

#include "command_line.h"
#include "commands.h"
#include "gds/auth/login.h"
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/config/config.h"
#include "gds/run/run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace gds::cli {

namespace {

constexpr std::string_view kUserAgent = "gdrive-sync/" GDS_VERSION " (gzip)";

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

/// A mistake in the options is told in the form that was asked for, as far as that can be known
/// without them.
void speak_json_early(const config::Flags& flags) {
    const auto flag = flags.find("log-format");
    const std::string format = flag != flags.end() && !flag->second.empty()
                                   ? flag->second.back()
                                   : environment("GDRIVE_SYNC_LOG_FORMAT").value_or("");
    if (format == "json") {
        log::configure(log::Level::info, log::Format::json);
    }
}

void set_up_log(const config::Resolved& options) {
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
    for (const std::string& name : config::unknown_variables(names)) {
        log::warn("this environment variable means nothing here; is it misspelt?",
                  {{"name", name}});
    }
}

/// Paths of files that options name, as far as they lie in the destination.
std::vector<std::string> files_in_destination(const config::Resolved& options) {
    namespace fs = std::filesystem;
    std::vector<std::string> inside;
    std::error_code ignored;
    const fs::path root = fs::weakly_canonical(options.text("dest"), ignored);
    const auto add = [&](const std::string& path) {
        if (path.empty()) {
            return;
        }
        const std::string relative =
            fs::weakly_canonical(path, ignored).lexically_relative(root).string();
        if (!relative.empty() && relative.compare(0, 2, "..") != 0) {
            inside.push_back(relative);
        }
    };
    for (const char* name :
         {"report", "metrics-file", "config", "ca-cert", "rclone-config", "credentials"}) {
        add(options.text(name));
    }
    for (const std::string& path : options.list("filter-from")) {
        add(path);
    }
    return inside;
}

http::Options http_options(const config::Resolved& options) {
    http::Options http;
    http.retries = static_cast<int>(options.integer("retries"));
    http.retry_max_wait = options.duration("retry-max-wait");
    http.timeout = options.duration("timeout");
    http.bytes_per_second = std::max<std::int64_t>(0, options.size("bwlimit"));
    http.requests_per_second = std::max(0.0, options.real("tpslimit"));
    http.ca_cert = options.text("ca-cert");
    http.user_agent = kUserAgent;
    return http;
}

auth::CredentialSources credential_sources(const config::Resolved& options) {
    auth::CredentialSources sources;
    sources.rclone_config = options.text("rclone-config");
    sources.rclone_remote = options.text("rclone-remote");
    sources.credentials = options.text("credentials");
    sources.environment = environment;
    return sources;
}

report::ProgressMode progress_mode(const std::string& text) {
    return text == "on"    ? report::ProgressMode::on
           : text == "off" ? report::ProgressMode::off
                           : report::ProgressMode::automatic;
}

run::Settings run_settings(const std::string& command, const config::Resolved& options) {
    run::Settings settings;
    settings.command = command;
    settings.source.path = options.text("source");
    settings.source.id = options.text("source-id");
    settings.source.drive_id = options.text("drive-id");
    settings.source.shared_with_me = options.toggle("shared-with-me");
    settings.destination = options.text("dest");
    settings.state_dir = options.text("state-dir");
    settings.credentials = credential_sources(options);
    settings.drive_endpoint = options.text("drive-endpoint");
    settings.token_endpoint = options.text("token-endpoint");
    settings.http = http_options(options);
    settings.lock_wait = options.duration("lock-wait");
    settings.max_duration = options.duration("max-duration");
    settings.max_delete = options.integer("max-delete");
    if (const double percent = options.real("max-delete-percent"); percent >= 0) {
        settings.max_delete_percent = percent;
    }
    settings.allow_empty_source = options.toggle("allow-empty-source");
    settings.delete_unmanaged = options.text("unmanaged") == "delete";
    settings.filter.include = options.list("include");
    settings.filter.exclude = options.list("exclude");
    settings.filter.filter_from = options.list("filter-from");
    settings.filter.max_size = options.size("max-size");
    settings.export_formats = options.list("export-formats");
    settings.trash_keep = options.duration("trash-keep");
    settings.trash_max_size = options.size("trash-max-size");
    settings.transfers = static_cast<int>(options.integer("transfers"));
    settings.file_mode = options.mode("file-mode");
    settings.dir_mode = options.mode("dir-mode");
    settings.report_file = options.text("report");
    settings.metrics_file = options.text("metrics-file");
    settings.metrics_push = options.text("metrics-push");
    settings.instance = options.text("instance");
    settings.progress = progress_mode(options.text("progress"));
    settings.format = options.text("format");
    settings.exit_code_on_difference = options.toggle("exit-code");
    settings.own_files = files_in_destination(options);
    return settings;
}

run::VolumeSettings volume_settings(const config::Resolved& options) {
    run::VolumeSettings settings;
    settings.destination = options.text("dest");
    settings.state_dir = options.text("state-dir");
    settings.format = options.text("format");
    settings.lock_wait = options.duration("lock-wait");
    return settings;
}

ExitCode login(const config::Resolved& options, Cancel& cancel) {
    auth::CredentialSources sources = credential_sources(options);
    const std::string given_id = options.text("client-id");
    if (!given_id.empty()) {
        sources.environment = [given_id](const std::string& name) {
            return name == "GDRIVE_SYNC_CLIENT_ID" ? std::optional(given_id) : environment(name);
        };
    }
    const auto client = auth::load_client(sources);
    if (!client) {
        return usage(client.error());
    }
    const std::string output = options.text("output");
    if (output.empty()) {
        return usage(
            error(Code::invalid_argument, "name a file for the credentials with --output"));
    }
    if (const Status free = auth::check_private_file(output, options.toggle("force")); !free) {
        return usage(free.error());
    }
    auth::LoginOptions login;
    login.client = *client;
    login.auth_endpoint = options.text("auth-endpoint");
    login.token_endpoint = options.text("token-endpoint");
    login.port = static_cast<int>(options.integer("port"));
    login.http = http_options(options);
    const auto show = [](const std::string& url) {
        const Status shown =
            print("Open this address in a browser and allow the access:\n\n" + url + "\n\n");
        std::fflush(stdout);
        if (!shown) {
            log::error(shown.error().message);
        }
    };
    const auto done = auth::login(login, show, cancel);
    if (!done) {
        log::error(done.error().message);
        const bool refused = done.error().code == Code::unauthenticated;
        return refused ? ExitCode::auth : ExitCode::source;
    }
    const Status written = auth::write_private_file(
        output, auth::authorized_user_json(done->credentials), options.toggle("force"));
    if (!written) {
        return usage(written.error());
    }
    const Status said =
        print(fmt::format("The credentials are in {}; use them with --credentials.\n", output));
    return said ? ExitCode::ok : ExitCode::internal;
}

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

ExitCode run_command(int argc, char** argv) {
    const auto line = parse_command_line(argc, argv);
    if (!line) {
        return usage(line.error());
    }
    if (line->help || line->version) {
        const Status said = print(line->help ? help_text(line->command)
                                             : std::string("gdrive-sync " GDS_VERSION "\n"));
        return said ? ExitCode::ok : ExitCode::internal;
    }
    speak_json_early(line->flags);
    const auto options = config::Resolved::make(line->flags, environment);
    if (!options) {
        return usage(options.error());
    }
    set_up_log(*options);
    return dispatch(*line, *options);
}

}  // namespace

ExitCode gdrive_sync(int argc, char** argv) {
    keep_standard_streams();
    const ExitCode code = run_command(argc, argv);
    if (std::fflush(stdout) != 0) {
        log::error("standard output could not be written; is its disk full, or its reader gone?");
        return most_serious(code, ExitCode::internal);
    }
    return code;
}

}  // namespace gds::cli
