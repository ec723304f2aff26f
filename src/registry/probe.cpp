#include "gds/base/fd.h"
#include "gds/base/log.h"
#include "gds/registry/commands.h"
#include "gds/registry/output.h"
#include "gds/report/exposition.h"
#include "in_use.h"
#include "run_frame.h"
#include "walker.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace gds::registry {

namespace {

constexpr double kShrunk = 0.9;  // of what was there before

std::string failure_reason(const Error& failure) {
    if (failure.code == Code::unauthenticated || failure.code == Code::permission_denied) {
        return "auth";
    }
    if (failure.code == Code::timeout) {
        return "timeout";
    }
    if (failure.http_status >= 500) {
        return "5xx";
    }
    return failure.http_status == 0 && failure.code == Code::unavailable ? "connect" : "invalid";
}

/// What the last run saw, by the files that this one will replace.
struct Before {
    std::int64_t repositories = 0, tags = 0;
};

std::optional<Before> last_seen(const OutputSettings& output) {
    if (!output.report_file.empty()) {
        const auto report = read_report_file(output.report_file);
        if (report && report->complete) {
            return Before{report->counts.repositories, report->counts.tags};
        }
    }
    if (output.metrics_file.empty()) {
        return std::nullopt;
    }
    const auto text = read_small_file(output.metrics_file);
    const auto sample = [&](std::string_view name) {
        return text ? report::find_sample(*text, name, {}) : std::nullopt;
    };
    const auto repositories = sample("registry_probe_repositories");
    const auto tags = sample("registry_probe_tags");
    if (!repositories || !tags) {
        return std::nullopt;
    }
    return Before{static_cast<std::int64_t>(*repositories), static_cast<std::int64_t>(*tags)};
}

bool has_shrunk(std::int64_t now, std::int64_t before) {
    return static_cast<double>(now) < kShrunk * static_cast<double>(before);
}

/// One probe, from the catalog to its report.
class Probe {
public:
    Probe(const ProbeSettings& settings, Cancel& cancel)
        : settings_(settings), cancel_(cancel), progress_(settings.output.progress) {
        report_.command = "probe";
        before_ = settings_.repositories.takes_all() ? last_seen(settings_.output) : std::nullopt;
    }

    /// Error: invalid_argument for what the command line got wrong.
    Status run() {
        ClientSettings connection =
            GDS_TRY(client_settings(settings_.connection, settings_.registry));
        report_.registry = connection.endpoint.host;
        usage_ = GDS_TRY(learn_usage(settings_.usage, report_.registry, cancel_, report_));
        Client client(std::move(connection), cancel_);
        if (const auto names = repositories(client)) {
            walk(client, *names);
        }
        progress_.clear();
        return {};
    }

    Report& report() { return report_; }

private:
    /// The catalog; without one the report says why, and how the run ends.
    std::optional<std::vector<std::string>> repositories(Client& client) {
        const Status connected = client.connect();
        auto catalog = connected ? client.catalog() : Result<Catalog>(connected.error());
        if (!catalog) {
            report_.reachable = catalog.error().http_status != 0;
            fail(catalog.error(), failure_reason(catalog.error()));
            count(client);
            return std::nullopt;
        }
        if (!catalog->complete) {
            report_.complete = false;
            report_.problems.push_back(catalog->problem);
        }
        auto& names = catalog->repositories;
        std::erase_if(names,
                      [&](const std::string& name) { return !settings_.repositories.takes(name); });
        if (names.empty() && !settings_.allow_empty) {
            fail(
                error(Code::not_found, report_.registry + ": " + why_empty(settings_.repositories)),
                "empty");
            count(client);
            return std::nullopt;
        }
        return std::move(names);
    }

    void fail(const Error& failure, const std::string& reason) {
        report_.exit_code = registry_code(failure, cancel_);
        report_.complete = false;
        report_.catalog_failure = reason;
        report_.problems.push_back(failure.message);
        log::error(failure.message);
    }

    void count(Client& client) {
        for (const auto& [label, requests] : client.engine().counters().requests) {
            report_.counts.requests += requests;
        }
        report_.statuses = client.engine().counters().statuses;
    }

    void walk(Client& client, const std::vector<std::string>& names) {
        WalkSettings walk;
        walk.concurrency = settings_.connection.http.max_connections;
        walk.platforms = settings_.platforms;
        walk.deep = settings_.deep;
        walk.confirm_after = settings_.confirm_after;
        Walker walker(
            client, walk, cancel_, [this](const Graph& graph) { take(graph); },
            [this](const Counts& counts) { progress_.update(figures_of(counts)); });
        walker.add_repositories(names);
        walker.run();
        walker.name_unlinked(report_.broken);
        add_counts(report_, walker, client.engine().counters());
        warn_of_shrinking();
        report_.exit_code = most_serious(judged(report_, walker.refused()), stopped_code(cancel_));
    }

    void take(const Graph& graph) {
        Graph::Findings found = graph.findings();
        if (usage_) {
            usage_->mark(found.broken);
            usage_->mark(found.warnings);
        }
        const auto append = [](std::vector<Finding>& to, std::vector<Finding>& from) {
            to.insert(to.end(), std::make_move_iterator(from.begin()),
                      std::make_move_iterator(from.end()));
        };
        append(report_.broken, found.broken);
        append(report_.warnings, found.warnings);
    }

    void warn_of_shrinking() {
        const Counts& now = report_.counts;
        if (!before_ || !report_.complete ||
            !(has_shrunk(now.repositories, before_->repositories) ||
              has_shrunk(now.tags, before_->tags))) {
            return;
        }
        Finding finding;
        finding.kind = Kind::repository;
        finding.defect = Defect::shrunk;
        finding.detail =
            fmt::format("{} repositories and {} tags, {} and {} at the last run", now.repositories,
                        now.tags, before_->repositories, before_->tags);
        report_.warnings.push_back(std::move(finding));
    }

    const ProbeSettings& settings_;
    Cancel& cancel_;
    report::Progress progress_;
    std::optional<Usage> usage_;
    std::optional<Before> before_;
    Report report_;
};

}  // namespace

ExitCode probe(const ProbeSettings& settings, Cancel& cancel, const report::Writer& out) {
    const RunClock clock(cancel, settings.max_duration);
    Probe probe(settings, cancel);
    if (const Status ran = probe.run(); !ran) {
        log::error(ran.error().message);
        return ExitCode::usage;
    }
    clock.stamp(probe.report());
    return deliver(probe.report(), settings.output, out);
}

}  // namespace gds::registry
