#include "gds/base/text.h"
#include "gds/report/status.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

namespace gds::report {

namespace {

/// "2026-04-19T02:00:00Z (12m03s ago)", or "never".
std::string moment(std::int64_t epoch_ms, std::int64_t now_ms) {
    if (epoch_ms == 0) {
        return "never";
    }
    const std::string at = format_rfc3339(epoch_ms / 1000 * 1000, true);
    const std::int64_t distance = now_ms - epoch_ms;
    return distance < 0 ? fmt::format("{} (in {})", at, format_duration(Millis(-distance)))
                        : fmt::format("{} ({} ago)", at, format_duration(Millis(distance)));
}

std::string fact(std::string_view name, std::string_view value) {
    return fmt::format("{:<18}{}\n", name, value.empty() ? "not known" : value);
}

std::string run_line(const StatusRun& run, std::int64_t now_ms) {
    std::string line =
        fmt::format("  {}  {:<7} {:<11} {} new, {} updated, {} renamed, {} deleted, {} failed, {}",
                    run.id, run.command, run.result, run.downloaded, run.updated, run.renamed,
                    run.deleted, run.failed, format_size(run.bytes));
    line += fmt::format("; {}\n", moment(run.started_ms, now_ms));
    if (!run.message.empty()) {
        line += fmt::format("    {}\n", printable(run.message));
    }
    return line;
}

std::string facts(const StatusView& view) {
    std::string text = fact("destination", printable(view.destination));
    text += fact("source", printable(view.source_id.empty()
                                         ? view.source
                                         : fmt::format("{} (id {})", view.source, view.source_id)));
    text += fact("account", printable(view.account));
    text +=
        fact("mirror", fmt::format("{}, {}", plural(view.files, "file"), format_size(view.bytes)));
    text += fact("kept in the trash", format_size(view.trash_bytes));
    text += fact("free", format_size(view.free_bytes));
    text += fact("last success", moment(view.last_success_ms, view.now_ms));
    text += fact("last full listing", moment(view.last_full_listing_ms, view.now_ms));
    text += fact("next listing", view.change_feed ? "from the change feed" : "in full");
    text += fact("state schema", view.schema == 0 ? "" : fmt::format("{}", view.schema));
    return text;
}

std::string guards_text(const StatusView& view) {
    std::string text;
    for (const model::GuardVerdict& guard : view.guards) {
        text += fact("guard", fmt::format("{}: {}, {} planned", guard.name,
                                          guard.tripped ? "tripped" : "passed",
                                          plural(guard.planned, "delete")));
    }
    return text;
}

std::string withheld_text(const StatusWithheld& withheld) {
    std::string text =
        fmt::format("withheld: {}, plan {}\n", plural(withheld.deletes, "delete"), withheld.plan);
    for (const std::string& path : withheld.first_paths) {
        text += fmt::format("  - {}\n", printable(path));
    }
    const auto shown = static_cast<std::int64_t>(withheld.first_paths.size());
    if (withheld.deletes > shown) {
        text += fmt::format("  and {} more\n", withheld.deletes - shown);
    }
    return text +
           (withheld.approved
                ? std::string("  approved: the next sync carries them out\n")
                : fmt::format("  if they are intended: gdrive-sync approve {}\n", withheld.plan));
}

std::string parked_text(const StatusView& view) {
    const std::int64_t total =
        std::accumulate(view.parked_counts.begin(), view.parked_counts.end(), std::int64_t{0},
                        [](std::int64_t sum, const auto& reason) { return sum + reason.second; });
    if (total == 0 && view.parked.empty()) {
        return {};
    }
    const auto shown = static_cast<std::int64_t>(view.parked.size());
    std::string text = fmt::format("parked: {}\n", plural(std::max(total, shown), "item"));
    for (const StatusParked& parked : view.parked) {
        text += fmt::format("  ! {}: {}{}{} ({}, next {})\n", printable(parked.path), parked.reason,
                            parked.detail.empty() ? "" : ": ", printable(parked.detail),
                            plural(parked.attempts, "attempt"),
                            moment(parked.next_try_ms, view.now_ms));
    }
    return total > shown ? text + fmt::format("  and {} more\n", total - shown) : text;
}

}  // namespace

std::string status_text(const StatusView& view) {
    std::string text = facts(view) + guards_text(view);
    if (view.running) {
        text += "running now:\n" + run_line(*view.running, view.now_ms);
    }
    if (!view.runs.empty()) {
        text += "last runs:\n";
    }
    for (const StatusRun& run : view.runs) {
        text += run_line(run, view.now_ms);
    }
    if (view.withheld) {
        text += withheld_text(*view.withheld);
    }
    text += parked_text(view);
    for (const std::string& warning : view.warnings) {
        text += fmt::format("warning: {}\n", printable(warning));
    }
    return text;
}

}  // namespace gds::report
