#include "gds/registry/output.h"

#include "gds/base/log.h"
#include "gds/registry/metrics.h"

namespace gds::registry {

namespace {

std::string answer_text(const Report& report, bool json) {
    return json ? report_json(report) : report_text(report) + summary_line(report) + "\n";
}

/// Logs what could not be written; false then.
bool written(const Status& status) {
    if (!status) {
        log::error(status.error().message);
    }
    return status.has_value();
}

}  // namespace

ExitCode judged(const Report& report, bool refused) {
    ExitCode code = ExitCode::ok;
    if (!report.complete) {
        code = most_serious(code, ExitCode::incomplete);
    }
    if (!report.broken.empty()) {
        code = most_serious(code, ExitCode::broken);
    }
    return refused ? most_serious(code, ExitCode::auth) : code;
}

ExitCode deliver(Report& report, const OutputSettings& settings, const report::Writer& out) {
    settle(report);
    bool all = true;
    if (!settings.report_file.empty()) {
        all = written(write_report_file(settings.report_file, report)) && all;
    }
    if (!settings.metrics_file.empty()) {
        all = written(write_metrics_file(settings.metrics_file, report)) && all;
    }
    if (!settings.metrics_push.empty()) {
        const std::string& instance =
            settings.instance.empty() ? report.registry : settings.instance;
        all =
            written(push_metrics(settings.metrics_push, instance, settings.ca_cert, report)) && all;
    }
    all = written(out(answer_text(report, settings.json))) && all;
    return all || report.exit_code != ExitCode::ok ? report.exit_code : ExitCode::internal;
}

}  // namespace gds::registry
