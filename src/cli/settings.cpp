#include "settings.h"

#include "program.h"

#include <algorithm>
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

}  // namespace

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
    settings.full = options.toggle("full");
    settings.full_interval = options.duration("full-interval");
    settings.scan_interval = options.duration("scan-interval");
    settings.resync_id = options.text("resync-id");
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
    settings.quota = options.integer("quota");
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

}  // namespace gds::cli
