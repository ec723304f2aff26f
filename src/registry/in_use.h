#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/registry/finding.h"
#include "gds/registry/report.h"
#include "gds/registry/settings.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gds::registry {

/// Which workloads of a cluster use which images of one registry.
class Usage {
public:
    /// The names by which images call the registry.
    explicit Usage(std::set<std::string> hosts) : hosts_(std::move(hosts)) {}

    /// What "kubectl get ... -o json" prints, or a list of the API: pods, jobs, cron jobs,
    /// deployments, stateful sets, daemon sets. What has ended uses nothing. Returns the token of
    /// the next page, "" for none. Error: invalid_argument where it is no such list.
    Result<std::string> add(std::string_view json);

    /// Names the workloads in every finding that they need.
    void mark(std::vector<Finding>& findings) const;

private:
    struct Item;
    using Workloads = std::set<std::string>;
    /// By repository and tag or digest.
    using Images = std::map<std::pair<std::string, std::string>, Workloads>;

    void add_item(const Item& item);
    void add_image(const std::string& image, const std::string& workload);
    void mark(Finding& finding) const;

    std::set<std::string> hosts_;
    Images by_tag_, by_digest_;
};

/// Usage by what --in-use names: a file, "-" or "kubernetes". Error: invalid_argument for what
/// cannot be read, else why the cluster does not tell.
Result<Usage> load_usage(const UsageSettings& settings, const std::string& host, Cancel& cancel);

/// load_usage(), where it was asked for: a cluster that does not tell leaves the report incomplete.
/// Error: invalid_argument, for what the command line got wrong.
Result<std::optional<Usage>> learn_usage(const UsageSettings& settings, const std::string& host,
                                         Cancel& cancel, Report& report);

/// Name the workloads in all that was found.
void mark(Report& report, const std::optional<Usage>& usage);

/// Every list of workloads that the cluster's API has, by the pod's own service account.
Status add_cluster(Usage& usage, const UsageSettings& settings, Cancel& cancel);

}  // namespace gds::registry
