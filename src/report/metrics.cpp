#include "gds/report/metrics.h"

#include "gds/base/fd.h"
#include "gds/report/exposition.h"

#include <array>
#include <map>

namespace gds::report {

namespace {

constexpr std::string_view kLastSuccess = "gdrive_sync_last_success_timestamp_seconds";

// Values that are there from the first run on, so that a rate or an alert never meets a gap.
constexpr std::array<std::string_view, 3> kGuards = {"empty-source", "max-delete",
                                                     "max-delete-percent"};
constexpr std::array<std::string_view, 9> kMethods = {"about.get",    "changes.getStartPageToken",
                                                      "changes.list", "drives.get",
                                                      "files.export", "files.get",
                                                      "files.list",   "files.media",
                                                      "token"};
constexpr std::array<Code, 4> kRetryCodes = {Code::rate_limited, Code::unavailable, Code::timeout,
                                             Code::bad_response};
constexpr std::array<Code, 10> kParkedCodes = {
    Code::permission_denied, Code::not_found, Code::rate_limited,
    Code::unavailable,       Code::timeout,   Code::bad_response,
    Code::mismatch,          Code::changed,   Code::io,
    Code::conflict};

using Counters = std::map<std::string, std::int64_t>;

double seconds(std::int64_t ms) {
    return static_cast<double>(ms) / 1000.0;
}

template <class Codes>
Counters zeros(const Codes& codes) {
    Counters counters;
    for (const Code code : codes) {
        counters.emplace(code_label(code), 0);
    }
    return counters;
}

Counters failure_zeros() {
    Counters counters;
    for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
        counters.emplace(code_label(static_cast<Code>(code)), 0);
    }
    return counters;
}

Counters parked_zeros() {
    Counters counters = zeros(kParkedCodes);
    counters.emplace("blocked", 0);
    return counters;
}

Counters method_zeros() {
    Counters counters;
    for (const std::string_view method : kMethods) {
        counters.emplace(method, 0);
    }
    return counters;
}

/// The counted values over zeros for what is known and did not happen.
Counters filled(Counters zeros, const Counters& counted) {
    for (const auto& [key, value] : counted) {
        zeros[key] = value;
    }
    return zeros;
}

Counters action_counters(const model::Counts& counts) {
    using model::ActionKind;
    const auto label = [](ActionKind kind) { return std::string(model::action_label(kind)); };
    return {
        {label(ActionKind::mkdir), counts.mkdir},      {label(ActionKind::rename), counts.rename},
        {label(ActionKind::update), counts.update},    {label(ActionKind::remove), counts.remove},
        {label(ActionKind::rmdir), counts.rmdir},      {label(ActionKind::skip), counts.skip},
        {label(ActionKind::download), counts.download}};
}

Labels run_labels(const model::RunRecord& run) {
    return {{"source", run.source_path.empty() ? run.source_id : run.source_path},
            {"destination", run.destination}};
}

/// Writes gauges that all carry the labels of one run. Where the run does not know what the mirror
/// holds, gauges of the mirror are what `before` says, an older text; without one they are left
/// out.
class RunGauges {
public:
    RunGauges(const model::RunRecord& run, const std::string* before)
        : labels_(run_labels(run)), mirror_unknown_(run.mirror_unknown), before_(before) {}

    template <class Value>
    void gauge(std::string_view name, std::string_view help, Value value) {
        out_.gauge(name, help);
        out_.sample(labels_, value);
    }

    void gauges(std::string_view name, std::string_view help, std::string_view label,
                const Counters& values) {
        out_.gauge(name, help);
        for (const auto& [value, count] : values) {
            out_.sample(with(label, value), count);
        }
    }

    template <class Value>
    void of_mirror(std::string_view name, std::string_view help, Value value) {
        if (!mirror_unknown_) {
            gauge(name, help, value);
        } else if (before_ != nullptr) {
            gauge(name, help, find_sample(*before_, name, labels_).value_or(0));
        }
    }

    void of_mirror(std::string_view name, std::string_view help, std::string_view label,
                   const Counters& values) {
        if (!mirror_unknown_) {
            return gauges(name, help, label, values);
        }
        if (before_ == nullptr) {
            return;
        }
        out_.gauge(name, help);
        for (const auto& [value, count] : values) {
            const Labels labels = with(label, value);
            out_.sample(labels, find_sample(*before_, name, labels).value_or(0));
        }
    }

    Exposition& exposition() { return out_; }

private:
    [[nodiscard]] Labels with(std::string_view label, const std::string& value) const {
        Labels labels = labels_;
        labels.emplace_back(label, value);
        return labels;
    }

    Labels labels_;
    bool mirror_unknown_;
    const std::string* before_;
    Exposition out_;
};

void add_outcome(RunGauges& out, const model::RunRecord& run) {
    out.gauge("gdrive_sync_last_run_timestamp_seconds", "When the last run ended.",
              seconds(run.finished_ms));
    if (run.last_success_ms > 0) {
        out.gauge(kLastSuccess, "When a run last ended with exit code 0.",
                  seconds(run.last_success_ms));
    }
    out.gauge("gdrive_sync_last_run_duration_seconds", "How long the last run took.",
              seconds(run.duration_ms));
    out.gauge("gdrive_sync_last_run_exit_code", "Exit code of the last run.",
              static_cast<std::int64_t>(run.exit_code));
    Counters tripped;
    for (const std::string_view guard : kGuards) {
        tripped.emplace(guard, 0);
    }
    for (const model::GuardVerdict& guard : run.guards) {
        tripped[guard.name] = guard.tripped ? 1 : 0;
    }
    out.of_mirror("gdrive_sync_guard_tripped",
                  "1 where the guard withheld deletes in the last run.", "guard", tripped);
    out.of_mirror("gdrive_sync_withheld_deletes", "Deletes that the last run withheld.",
                  run.withheld_deletes);
}

void add_work(RunGauges& out, const model::RunRecord& run) {
    out.gauges("gdrive_sync_actions", "Actions that the last run planned.", "action",
               action_counters(run.counts));
    out.gauges("gdrive_sync_failures", "Items that failed in the last run.", "reason",
               filled(failure_zeros(), run.failures));
    out.gauges("gdrive_sync_api_requests", "Requests of the last run, retries included.", "method",
               filled(method_zeros(), run.api_requests));
    out.gauges("gdrive_sync_api_retries", "Retries of the last run.", "reason",
               filled(zeros(kRetryCodes), run.api_retries));
    out.gauge("gdrive_sync_quota_units",
              "Units of Drive's quota that the requests of the last run cost.", run.quota_units);
    out.gauge("gdrive_sync_downloaded_bytes", "Bytes that the last run downloaded.",
              run.bytes_downloaded);
    out.gauge("gdrive_sync_listing_full",
              "1 where the last run listed the source in full, 0 where it read the change feed.",
              std::int64_t{run.full_listing ? 1 : 0});
    out.of_mirror("gdrive_sync_last_full_listing_timestamp_seconds",
                  "When the source was last listed in full.", seconds(run.last_full_listing_ms));
    out.gauge("gdrive_sync_feed_misses",
              "Changes that a full listing found and the change feed had not told.",
              run.feed_misses);
}

void add_mirror(RunGauges& out, const model::RunRecord& run) {
    out.of_mirror("gdrive_sync_files", "Files that the mirror holds.", run.files);
    out.of_mirror("gdrive_sync_bytes", "Bytes that the mirror holds.", run.bytes);
    out.of_mirror("gdrive_sync_parked_items", "Items that failed and will be tried again.",
                  "reason", filled(parked_zeros(), run.parked));
    out.of_mirror("gdrive_sync_trash_bytes", "Bytes kept of removed and replaced files.",
                  run.trash_bytes);
    out.of_mirror("gdrive_sync_free_bytes", "Free bytes of the destination's file system.",
                  run.free_bytes);
}

std::string text_of(const model::RunRecord& run, const std::string* before) {
    RunGauges out(run, before);
    add_outcome(out, run);
    add_work(out, run);
    add_mirror(out, run);
    out.exposition().gauge("gdrive_sync_build_info", "Which version ran last.");
    out.exposition().sample({{"version", GDS_VERSION}}, std::int64_t{1});
    return out.exposition().text();
}

}  // namespace

std::string metrics_text(const model::RunRecord& run) {
    return text_of(run, nullptr);
}

Status write_metrics_file(const std::string& path, const model::RunRecord& run) {
    const std::string before = read_back(path);
    model::RunRecord completed = run;
    if (run.last_success_ms == 0) {
        const auto success = find_sample(before, kLastSuccess, run_labels(run));
        completed.last_success_ms = static_cast<std::int64_t>(success.value_or(0) * 1000);
    }
    return write_exposition_file(path, text_of(completed, &before));
}

}  // namespace gds::report
