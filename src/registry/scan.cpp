#include "gds/registry/scan.h"

#include "scan_blobs.h"
#include "scan_repositories.h"
#include "scan_repository.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

namespace gds::registry {

namespace {

using Clock = std::chrono::steady_clock;
using Scans = std::map<std::string, RepositoryScan>;

void wait(Millis duration, const Cancel& cancel) {
    const auto end = Clock::now() + duration;
    while (!cancel.stopped() && Clock::now() < end) {
        const auto left = std::chrono::ceil<Millis>(end - Clock::now());
        pollfd wake{cancel.wake_fd(), POLLIN, 0};
        static_cast<void>(
            ::poll(&wake, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000))));
    }
}

bool has_findings(const RepositoryScan& scan) {
    return !scan.broken.empty() || !scan.warnings.empty();
}

/// Leave only what the first look saw too; what lies in `damaged` was seen by a look of its own.
void keep_confirmed(std::vector<Finding>& second, const std::vector<Finding>& first,
                    const std::set<Digest>& damaged) {
    std::erase_if(second, [&](const Finding& finding) {
        return damaged.count(finding.digest) == 0 &&
               std::none_of(first.begin(), first.end(), [&](const Finding& before) {
                   return same_reference(before, finding) && before.defect == finding.defect;
               });
    });
}

class Scanner {
public:
    Scanner(const ScanOptions& options, const Storage& storage, const Cancel& cancel)
        : options_(options), storage_(storage), cancel_(cancel), workers_(options.threads) {}

    void run(Report& report) {
        const Repositories found = find_repositories(storage_, workers_, problems_);
        std::vector<std::string> names = found.names;
        if (options_.wants) {
            std::erase_if(names, [&](const std::string& name) { return !options_.wants(name); });
        }
        Scans scans = scan_all(names, cancel_);
        std::vector<Finding> others = found.blockers;
        append(others, find_stray_blobs(storage_, workers_, problems_));
        if (options_.deep) {
            hash_blobs(report);
        }
        confirm(scans);
        report.warnings = std::move(others);
        for (auto& [name, scan] : scans) {
            take(report, std::move(scan));
        }
        report.problems = problems_.list();
        report.complete = report.complete && !problems_.any() && !cancel_.stopped();
    }

private:
    Scans scan_all(const std::vector<std::string>& names, const Cancel& cancel) {
        BlobSizes sizes(storage_);
        const ScanContext context{storage_, workers_, sizes, damaged_, cancel, problems_};
        Scans scans;
        std::mutex mutex;
        workers_.for_each(names.size(), [&](std::size_t i) {
            if (cancel.stopped()) {
                return;
            }
            RepositoryScan scan = scan_repository(context, names[i]);
            const std::lock_guard lock(mutex);
            scans.insert_or_assign(names[i], std::move(scan));
        });
        return scans;
    }

    void hash_blobs(Report& report) {
        DeepPass pass{options_.deep_state, options_.deep_rate};
        if (const Status done = pass.run(storage_, cancel_, problems_); !done) {
            problems_.add(done.error());
        }
        report.complete = pass.finished;
        damaged_ = std::move(pass.damaged);
    }

    /// Look again at every repository in which something was found. A deadline that has passed
    /// meanwhile does not take the findings away.
    void confirm(Scans& scans) {
        std::vector<std::string> again;
        for (const auto& [name, scan] : scans) {
            if (has_findings(scan) || !damaged_.empty()) {
                again.push_back(name);
            }
        }
        if (again.empty()) {
            return;
        }
        wait(options_.confirm_after, cancel_);
        const Cancel never;
        Scans second = scan_all(again, cancel_.reason() == StopReason::deadline ? never : cancel_);
        for (auto& [name, scan] : second) {
            RepositoryScan& first = scans[name];
            keep_confirmed(scan.broken, first.broken, damaged_);
            keep_confirmed(scan.warnings, first.warnings, damaged_);
            first = std::move(scan);
        }
    }

    static void append(std::vector<Finding>& to, std::vector<Finding> from) {
        std::move(from.begin(), from.end(), std::back_inserter(to));
    }

    static void take(Report& report, RepositoryScan scan) {
        append(report.broken, std::move(scan.broken));
        append(report.warnings, std::move(scan.warnings));
        report.counts.repositories += scan.counts.repositories;
        report.counts.tags += scan.counts.tags;
        report.counts.manifests += scan.counts.manifests;
        report.counts.blobs += scan.counts.blobs;
        report.counts.elsewhere += scan.counts.elsewhere;
    }

    const ScanOptions& options_;
    const Storage& storage_;
    const Cancel& cancel_;
    Workers workers_;
    Problems problems_;
    std::set<Digest> damaged_;
};

/// Whether a garbage collection has to wait.
bool holds_collection(const Report& report) {
    return std::any_of(report.broken.begin(), report.broken.end(), is_relinkable) ||
           std::any_of(report.warnings.begin(), report.warnings.end(), [](const Finding& warning) {
               return warning.defect == Defect::gc_risk || warning.defect == Defect::gc_blocker;
           });
}

ExitCode judge(const Report& report, const ScanOptions& options) {
    if (!report.reachable || !report.catalog_failure.empty()) {
        return ExitCode::source;
    }
    if (options.gate ? holds_collection(report) : !report.broken.empty()) {
        return ExitCode::broken;
    }
    return report.complete ? ExitCode::ok : ExitCode::incomplete;
}

void scan_storage(Report& report, const ScanOptions& options, const Cancel& cancel) {
    const auto storage = Storage::open(options.directory);
    if (storage) {
        Scanner(options, *storage, cancel).run(report);
    } else if (storage.error().code != Code::not_found || !options.allow_empty) {
        report.reachable = false;
        report.complete = false;
        report.problems.push_back(storage.error().message);
    }
    if (report.reachable && report.complete && report.counts.repositories == 0 &&
        !options.allow_empty && !options.wants) {
        report.catalog_failure = "empty";
        report.problems.push_back(options.directory +
                                  ": no repository is here (is the volume mounted? --allow-empty "
                                  "takes that for health)");
    }
}

}  // namespace

bool is_relinkable(const Finding& finding) {
    return finding.remedy == Remedy::relink ||
           (finding.remedy == Remedy::retag && finding.defect == Defect::unlinked);
}

Report scan(const ScanOptions& options, const Cancel& cancel) {
    const auto start = Clock::now();
    Report report;
    report.command = "scan";
    report.registry = options.directory;
    report.started_ms = wall_clock_ms();
    scan_storage(report, options, cancel);
    report.finished_ms = wall_clock_ms();
    report.duration_ms = std::chrono::duration_cast<Millis>(Clock::now() - start).count();
    settle(report);
    report.exit_code = judge(report, options);
    return report;
}

}  // namespace gds::registry
