#include "run_frame.h"

#include "gds/base/text.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>

namespace gds::registry {

void sleep_until(std::chrono::steady_clock::time_point end, const Cancel& cancel) {
    static constexpr Millis kLongest{1000};  // a deadline wakes nobody
    for (;;) {
        const auto left = std::chrono::ceil<Millis>(end - std::chrono::steady_clock::now());
        if (left <= Millis(0) || cancel.stopped()) {
            return;
        }
        pollfd wake{cancel.wake_fd(), POLLIN, 0};
        static_cast<void>(::poll(&wake, 1, static_cast<int>(std::min(left, kLongest).count())));
    }
}

RunClock::RunClock(Cancel& cancel, Millis max_duration) : started_ms_(wall_clock_ms()) {
    if (max_duration > Millis(0)) {
        cancel.set_deadline(began_ + max_duration);
    }
}

void RunClock::stamp(Report& report) const {
    report.started_ms = started_ms_;
    report.finished_ms = wall_clock_ms();
    report.duration_ms =
        std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began_).count();
}

ExitCode stopped_code(const Cancel& cancel) {
    switch (cancel.reason()) {
        case StopReason::interrupted: return ExitCode::interrupted;
        case StopReason::terminated: return ExitCode::terminated;
        case StopReason::deadline: return ExitCode::incomplete;
        case StopReason::none: break;
    }
    return ExitCode::ok;
}

ExitCode registry_code(const Error& failure, const Cancel& cancel) {
    if (cancel.stopped()) {
        return stopped_code(cancel);
    }
    const bool refused =
        failure.code == Code::unauthenticated || failure.code == Code::permission_denied;
    return refused ? ExitCode::auth : ExitCode::source;
}

Result<ClientSettings> client_settings(const ConnectionSettings& settings,
                                       const std::string& registry) {
    ClientSettings client;
    client.endpoint = GDS_TRY(parse_endpoint(registry, settings.plain_http));
    client.login = GDS_TRY(load_login(settings.login, client.endpoint.host));
    client.http = settings.http;
    return client;
}

report::ProgressFigures figures_of(const Counts& counts) {
    report::ProgressFigures figures;
    figures.phase =
        fmt::format("{}, {}", plural(counts.tags, "tag"),
                    counts.repositories == 1 ? "1 repository"
                                             : fmt::format("{} repositories", counts.repositories));
    figures.noun = "manifests and blobs";
    figures.noun_of_one = "manifest";
    figures.files_done = counts.checked();
    return figures;
}

void add_counts(Report& report, const Walker& walker, const http::Counters& counters) {
    const Counts& counts = walker.counts();
    report.counts.repositories += counts.repositories;
    report.counts.tags += counts.tags;
    report.counts.manifests += counts.manifests;
    report.counts.blobs += counts.blobs;
    report.counts.elsewhere += counts.elsewhere;
    for (const auto& [label, requests] : counters.requests) {
        report.counts.requests += requests;
    }
    for (const auto& [status, answers] : counters.statuses) {
        report.statuses[status] += answers;
    }
    report.complete = report.complete && walker.complete();
    report.problems.insert(report.problems.end(), walker.problems().begin(),
                           walker.problems().end());
}

}  // namespace gds::registry
