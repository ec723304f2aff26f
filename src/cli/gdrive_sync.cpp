#include "gds/cli/gdrive_sync.h"

#include "gds/auth/login.h"
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/config/config.h"
#include "gds/run/run.h"
#include "program.h"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>

namespace gds::cli {

namespace {

constexpr std::string_view kUserAgent = "gdrive-sync/" GDS_VERSION " (gzip)";

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

}  // namespace

ExitCode gdrive_sync(int argc, char** argv) {
    return run_program(gdrive_sync_interface(), argc, argv, dispatch);
}

}  // namespace gds::cli
