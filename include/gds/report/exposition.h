#pragma once

#include "gds/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gds::report {

/// Label names and values of one sample, in the order they are written.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// Prometheus text format 0.0.4, gauges only: what a job leaves behind is the state of its last
/// run.
class Exposition {
public:
    /// Begin a metric; its samples follow.
    void gauge(std::string_view name, std::string_view help);
    void sample(const Labels& labels, std::int64_t value);
    void sample(const Labels& labels, double value);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void line(const Labels& labels, const std::string& value);

    std::string name_;
    std::string text_;
};

/// The value of one series in a text that an Exposition wrote; nullopt where it is not there. The
/// labels must be the same, in the same order.
std::optional<double> find_sample(std::string_view exposition, std::string_view name,
                                  const Labels& labels);

/// The text as a file by rename, readable by everyone (mode 0644), as textfile collectors need it.
Status write_exposition_file(const std::string& path, std::string_view exposition);

/// Where a Pushgateway takes this job's group: base + /metrics/job/JOB/instance/NAME, a name as
/// base64 where it holds a '/' or is empty (Pushgateway's "@base64" form).
std::string push_url(const std::string& base, const std::string& job, const std::string& instance);

/// One push to a Pushgateway.
struct PushTarget {
    std::string base;          ///< URL; userinfo becomes basic authentication
    std::string job;           ///< "gdrive-sync"
    std::string instance;      ///< what tells this job's groups apart
    std::string ca_cert = {};  ///< PEM file that adds to the system's trust
};

/// POST the exposition, so that series it does not name stay as they are. Bounded to seconds, with
/// an engine of its own: a run that was interrupted still reports. The error names the URL, masked.
Status push_exposition(const PushTarget& target, const std::string& exposition);
/// Have the gateway forget this job's group, if it has one. Bounded alike.
Status delete_push(const PushTarget& target);

}  // namespace gds::report
