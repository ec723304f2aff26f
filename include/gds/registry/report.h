#pragma once

#include "gds/base/exit_code.h"
#include "gds/base/result.h"
#include "gds/registry/finding.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gds::registry {

struct Counts {
    std::int64_t repositories = 0;
    std::int64_t tags = 0;
    std::int64_t manifests = 0;  ///< distinct (repository, digest)
    std::int64_t blobs = 0;      ///< distinct (repository, digest)
    std::int64_t requests = 0;
    std::int64_t tags_broken = 0;
    std::int64_t elsewhere = 0;  ///< foreign and non-distributable layers, which are skipped

    [[nodiscard]] std::int64_t checked() const { return manifests + blobs; }
};

/// What one run found; the JSON report, the text, the summary and the metrics are views of it.
struct Report {
    std::string command;                           ///< "probe", "verify", "scan", "repair"
    std::string registry;                          ///< host, or a scan's directory
    std::int64_t started_ms = 0, finished_ms = 0;  ///< wall clock, epoch
    std::int64_t duration_ms = 0;                  ///< monotonic
    bool complete = true;
    std::vector<std::string> problems;  ///< what could not be asked, the first of them
    Counts counts;
    std::vector<Finding> broken, warnings;
    std::vector<std::string> plan;  ///< of a repair: its steps, then what else is due
    ExitCode exit_code = ExitCode::ok;
    std::map<int, std::int64_t> statuses;  ///< answers by HTTP status; for metrics
    bool reachable = true;                 ///< something at the other end answered
    std::string catalog_failure;  ///< "auth", "connect", "5xx", "timeout", "empty"; "" for none
};

/// Sort findings (in use first, then by name), drop those that are the same twice, and count the
/// broken tags. To be called once, before any view is made.
void settle(Report& report);

/// One JSON object (contract, schema 1), indented, with a line feed at its end.
std::string report_json(const Report& report);
/// The same into a file, whole or not at all.
Status write_report_file(const std::string& path, const Report& report);
/// A report that report_json() wrote. Error: invalid_argument for anything else.
Result<Report> parse_report(std::string_view json);
Result<Report> read_report_file(const std::string& path);

/// For people: a line for each finding, in use first, then warnings and what could not be asked.
std::string report_text(const Report& report);
/// "registry-probe: 2/39 tags broken, 5 broken references, 412 checked"
std::string summary_line(const Report& report);

}  // namespace gds::registry
