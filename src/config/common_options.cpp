#include "common_options.h"

namespace gds::config {

Option ca_cert_option(std::string_view group, std::string_view commands) {
    return {"ca-cert",
            Type::path,
            "",
            "FILE",
            "Certificates (PEM) to trust in addition to the system's.",
            group,
            "",
            commands};
}

std::vector<Option> common_output_options(const OutputOptions& which) {
    const std::string_view group = which.group;
    return {
        {"report", Type::path, "", "FILE", "Write a JSON report of the run to this file.", group,
         "", which.report},
        {"metrics-file", Type::path, "", "FILE",
         "Write Prometheus metrics to this file, for the node exporter's textfile collector.",
         group, "", which.metrics},
        {"metrics-push", Type::url, "", "URL", "Push the metrics to this Pushgateway.", group, "",
         which.metrics},
        {"instance", Type::text, "", "NAME", which.instance_help, group, "", which.metrics},
        {"log-format", Type::choice, "text", "FORMAT", "Form of the log on standard error.", group,
         "text|json"},
        {"log-level", Type::choice, "info", "LEVEL", "Least important log lines to write.", group,
         "trace|debug|info|warn|error|off"},
        {"progress", Type::choice, "auto", "WHEN",
         "Show progress on standard error; auto does where that is a terminal.", group,
         "auto|on|off", which.progress},
        {"config", Type::path, "", "FILE", "Read options from this TOML file.", group},
    };
}

}  // namespace gds::config
