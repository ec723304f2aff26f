#include "gds/cli/registry_probe.h"

#include "gds/base/cancel.h"
#include "gds/registry/commands.h"
#include "program.h"

#include <algorithm>

namespace gds::cli {

namespace {

constexpr std::string_view kUserAgent = "registry-probe/" GDS_VERSION;

http::Options http_options(const config::Resolved& options) {
    http::Options http;
    http.retries = static_cast<int>(options.integer("retries"));
    http.retry_max_wait = options.duration("retry-max-wait");
    http.timeout = options.duration("timeout");
    http.max_connections = static_cast<int>(options.integer("concurrency"));
    http.requests_per_second = std::max(0.0, options.real("max-rps"));
    http.ca_cert = options.text("ca-cert");
    http.user_agent = kUserAgent;
    // A registry answers at the same rate over several connections of HTTP/1.1.
    http.http2 = false;
    http.first_backoff = Millis(250);
    return http;
}

registry::ConnectionSettings connection(const config::Resolved& options) {
    registry::ConnectionSettings settings;
    settings.plain_http = options.toggle("plain-http");
    settings.login = {options.text("username"), options.text("password-file"),
                      options.text("auth-file"), environment};
    settings.http = http_options(options);
    return settings;
}

registry::OutputSettings output(const config::Resolved& options) {
    registry::OutputSettings settings;
    settings.json = options.text("format") == "json";
    settings.report_file = options.text("report");
    settings.metrics_file = options.text("metrics-file");
    settings.metrics_push = options.text("metrics-push");
    settings.instance = options.text("instance");
    settings.ca_cert = options.text("ca-cert");
    settings.progress = progress_mode(options.text("progress"));
    return settings;
}

registry::UsageSettings usage_settings(const config::Resolved& options) {
    registry::UsageSettings settings;
    settings.source = options.text("in-use");
    settings.aliases = options.list("alias");
    settings.service_account_dir = options.text("service-account-dir");
    settings.environment = environment;
    return settings;
}

registry::RepositoryFilter repositories(const config::Resolved& options) {
    return {options.list("include"), options.list("exclude")};
}

registry::ProbeSettings probe_settings(const std::string& registry,
                                       const config::Resolved& options) {
    registry::ProbeSettings settings;
    settings.registry = registry;
    settings.connection = connection(options);
    settings.repositories = repositories(options);
    settings.platforms = options.list("platform");
    settings.deep = options.toggle("deep");
    settings.allow_empty = options.toggle("allow-empty");
    settings.confirm_after = options.duration("confirm-after");
    settings.max_duration = options.duration("max-duration");
    settings.usage = usage_settings(options);
    settings.output = output(options);
    return settings;
}

registry::VerifySettings verify_settings(const std::vector<std::string>& images,
                                         const config::Resolved& options) {
    registry::VerifySettings settings;
    settings.images = images;
    settings.expect = options.text("expect");
    settings.connection = connection(options);
    settings.platforms = options.list("platform");
    settings.deep = options.toggle("deep");
    settings.confirm_after = options.duration("confirm-after");
    settings.max_duration = options.duration("max-duration");
    settings.output = output(options);
    return settings;
}

registry::ScanSettings scan_settings(const std::string& directory,
                                     const config::Resolved& options) {
    registry::ScanSettings settings;
    settings.directory = directory;
    settings.repositories = repositories(options);
    settings.gate = options.toggle("gate");
    settings.deep = options.toggle("deep");
    settings.resume = options.text("resume");
    settings.deep_rate = static_cast<std::int64_t>(std::max(0.0, options.real("max-mb-s")) * 1e6);
    settings.concurrency = static_cast<int>(options.integer("concurrency"));
    settings.allow_empty = options.toggle("allow-empty");
    settings.confirm_after = options.duration("confirm-after");
    settings.max_duration = options.duration("max-duration");
    settings.usage = usage_settings(options);
    settings.output = output(options);
    return settings;
}

registry::RepairSettings repair_settings(const std::string& registry,
                                         const config::Resolved& options) {
    registry::RepairSettings settings;
    settings.registry = registry;
    settings.connection = connection(options);
    settings.from = options.text("from");
    settings.root = options.text("root");
    settings.yes = options.toggle("yes");
    settings.max_delete = options.integer("max-delete");
    settings.backup_dir = options.text("backup-dir");
    settings.confirm_after = options.duration("confirm-after");
    settings.max_duration = options.duration("max-duration");
    settings.usage = usage_settings(options);
    settings.output = output(options);
    return settings;
}

ExitCode dispatch(const CommandLine& line, const config::Resolved& options) {
    static Cancel cancel;  // signals reach it until the process ends
    stop_on_signals(cancel);
    if (line.command == "verify") {
        return registry::verify(verify_settings(line.arguments, options), cancel, print);
    }
    if (line.command == "scan") {
        return registry::scan(scan_settings(line.argument, options), cancel, print);
    }
    if (line.command == "repair") {
        return registry::repair(repair_settings(line.argument, options), cancel, print);
    }
    return registry::probe(probe_settings(line.argument, options), cancel, print);
}

}  // namespace

ExitCode registry_probe(int argc, char** argv) {
    return run_program(registry_probe_interface(), argc, argv, dispatch);
}

}  // namespace gds::cli
