#include "gds/base/log.h"
#include "gds/registry/commands.h"
#include "gds/registry/output.h"
#include "in_use.h"
#include "run_frame.h"
#include "scan_blobs.h"
#include "scan_repositories.h"
#include "scan_repository.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>

namespace gds::registry {

namespace {

using Clock = std::chrono::steady_clock;
using Scans = std::map<std::string, RepositoryScan>;

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

/// One scan of a tree that was found.
class Scanner {
public:
    Scanner(const ScanSettings& settings, const Storage& storage, const Cancel& cancel)
        : settings_(settings),
          storage_(storage),
          cancel_(cancel),
          workers_(settings.concurrency),
          progress_(settings.output.progress) {}

    void run(Report& report) {
        repositories_ = find_repositories(storage_, workers_, problems_);
        std::vector<std::string> names = repositories_.names;
        std::erase_if(names,
                      [&](const std::string& name) { return !settings_.repositories.takes(name); });
        Scans scans = scan_all(names, cancel_);
        if (settings_.deep) {
            hash_blobs(report);
        }
        confirm(scans);
        progress_.clear();
        report.warnings = std::move(repositories_.blockers);
        append(report.warnings, find_stray_blobs(storage_, workers_, problems_));
        for (auto& [name, scan] : scans) {
            take(report, std::move(scan));
        }
        report.problems = problems_.list();
        report.complete = report.complete && !problems_.any() && !cancel_.stopped();
    }

private:
    Scans scan_all(const std::vector<std::string>& names, const Cancel& cancel) {
        BlobSizes sizes(storage_);
        const ScanContext context{storage_, workers_, sizes,    repositories_.unlisted,
                                  damaged_, cancel,   problems_};
        Scans scans;
        std::mutex mutex;
        workers_.for_each(names.size(), [&](std::size_t i) {
            if (cancel.stopped()) {
                return;
            }
            RepositoryScan scan = scan_repository(context, names[i]);
            const std::lock_guard lock(mutex);
            add(seen_, scan.counts);
            progress_.update(figures_of(seen_));
            scans.insert_or_assign(names[i], std::move(scan));
        });
        return scans;
    }

    void hash_blobs(Report& report) {
        DeepPass pass{settings_.resume, settings_.deep_rate};
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
        if (again.empty() && repositories_.blockers.empty()) {
            return;
        }
        log::info(
            "looking again at what seems broken",
            {{"repositories", again.size()}, {"after", format_duration(settings_.confirm_after)}});
        sleep_until(Clock::now() + settings_.confirm_after, cancel_);
        if (!repositories_.unlisted.empty() || !repositories_.blockers.empty()) {
            repositories_ = find_repositories(storage_, workers_, problems_);
        }
        Scans second = scan_all(again, cancel_);
        if (cancel_.reason() == StopReason::deadline) {
            const Cancel never;
            second = scan_all(again, never);
        }
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

    static void add(Counts& to, const Counts& more) {
        to.repositories += more.repositories;
        to.tags += more.tags;
        to.manifests += more.manifests;
        to.blobs += more.blobs;
        to.elsewhere += more.elsewhere;
    }

    static void take(Report& report, RepositoryScan scan) {
        append(report.broken, std::move(scan.broken));
        append(report.warnings, std::move(scan.warnings));
        add(report.counts, scan.counts);
    }

    const ScanSettings& settings_;
    const Storage& storage_;
    const Cancel& cancel_;
    Workers workers_;
    report::Progress progress_;
    Repositories repositories_;
    Counts seen_;
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

ExitCode judge(const Report& report, const ScanSettings& settings) {
    if (!report.reachable || !report.catalog_failure.empty()) {
        return ExitCode::source;
    }
    if (!settings.gate) {
        return judged(report, false);
    }
    // What is lost for good does not hold a collection back.
    const ExitCode code = report.complete ? ExitCode::ok : ExitCode::incomplete;
    return holds_collection(report) ? most_serious(code, ExitCode::broken) : code;
}

/// The one difference to a probe that has to be: it cannot ask for these.
void tell_what_no_probe_sees(const Report& report) {
    const auto unseen = std::count_if(report.broken.begin(), report.broken.end(),
                                      [](const Finding& finding) { return finding.tag.empty(); });
    if (unseen > 0) {
        log::info("no probe sees these: no tag leads there, or the catalog does not",
                  {{"references", unseen}});
    }
}

void fail(Report& report, std::string why) {
    log::error(why);
    report.complete = false;
    report.problems.push_back(std::move(why));
}

void scan_storage(Report& report, const ScanSettings& settings, const Cancel& cancel) {
    const auto storage = Storage::open(settings.directory);
    if (storage) {
        Scanner(settings, *storage, cancel).run(report);
    } else if (storage.error().code != Code::not_found || !settings.allow_empty) {
        report.reachable = false;
        return fail(report, storage.error().message);
    }
    if (report.complete && report.counts.repositories == 0 && !settings.allow_empty) {
        report.catalog_failure = "empty";
        fail(report, settings.directory + ": " + why_empty(settings.repositories));
    }
}

}  // namespace

ExitCode scan(const ScanSettings& settings, Cancel& cancel, const report::Writer& out) {
    const RunClock clock(cancel, settings.max_duration);
    Report report;
    report.command = "scan";
    report.registry = settings.directory;
    const auto usage = learn_usage(settings.usage, "", cancel, report);
    if (!usage) {
        log::error(usage.error().message);
        return ExitCode::usage;
    }
    scan_storage(report, settings, cancel);
    mark(report, *usage);
    tell_what_no_probe_sees(report);
    clock.stamp(report);
    report.exit_code = most_serious(judge(report, settings), stopped_code(cancel));
    return deliver(report, settings.output, out);
}

}  // namespace gds::registry
