#include "gds/registry/metrics.h"

#include "gds/base/fd.h"
#include "gds/base/text.h"
#include "gds/report/exposition.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace gds::registry {

namespace {

constexpr std::size_t kMostBrokenTags = 100;
constexpr auto kLastBroken = Defect::unlisted;  // what follows are warnings

/// What becomes of the series about content in a run that could not see it.
enum class Unknown : std::uint8_t { zero, omit };

double seconds(std::int64_t ms) {
    return static_cast<double>(ms) / 1000.0;
}

std::int64_t count_if(const std::vector<Finding>& findings, bool (*matches)(const Finding&)) {
    return std::count_if(findings.begin(), findings.end(), matches);
}

/// One run's series, all with the prefix of its command.
class Writer {
public:
    Writer(const Report& report, std::string_view previous, Unknown unknown)
        : report_(report),
          previous_(previous),
          unknown_(unknown),
          prefix_("registry_" + report.command + "_") {}

    std::string text() {
        add_run();
        if (report_.catalog_failure.empty() && report_.reachable) {
            add_content();
            return out_.text();
        }
        return out_.text() + unseen_content();
    }

private:
    [[nodiscard]] bool is_scan() const { return report_.command == "scan"; }
    [[nodiscard]] bool is_probe() const { return report_.command == "probe"; }

    void gauge(std::string_view name, std::string_view help) {
        out_.gauge(prefix_ + std::string(name), help);
    }
    template <class Value>
    void gauge(std::string_view name, std::string_view help, Value value) {
        gauge(name, help);
        out_.sample({}, value);
    }

    void add_run() {
        gauge("up", "1 where there was an answer.", std::int64_t{report_.reachable ? 1 : 0});
        gauge("last_run_timestamp_seconds", "When the last run ended.",
              seconds(report_.finished_ms));
        add_last_complete();
        gauge("duration_seconds", "How long the last run took.", seconds(report_.duration_ms));
        if (is_probe()) {
            add_catalog();
        }
        if (!is_scan()) {
            add_requests();
        }
    }

    void add_catalog() {
        gauge("catalog_up", "1 where the catalog could be read and was not empty, else why not.");
        const bool up = report_.catalog_failure.empty();
        out_.sample({{"reason", up ? "ok" : report_.catalog_failure}}, std::int64_t{up ? 1 : 0});
    }

    void add_requests() {
        gauge("requests", "Answers in the last run, by HTTP status.");
        std::map<int, std::int64_t> statuses = report_.statuses;
        statuses.try_emplace(200, 0);
        for (const auto& [status, count] : statuses) {
            out_.sample({{"code", std::to_string(status)}}, count);
        }
    }

    void add_last_complete() {
        const std::string name = prefix_ + "last_complete_timestamp_seconds";
        const bool complete = report_.complete && report_.catalog_failure.empty();
        const auto last = complete ? std::optional(seconds(report_.finished_ms))
                                   : report::find_sample(previous_, name, {});
        if (last) {
            gauge("last_complete_timestamp_seconds", "When a run last saw everything.", *last);
        }
    }

    void add_content() {
        gauge("repositories", "Repositories that were looked at.", report_.counts.repositories);
        gauge("tags", "Tags that were looked at.", report_.counts.tags);
        gauge("tags_broken", "Tags below which something cannot be served.",
              report_.counts.tags_broken);
        add_references();
        add_broken_tags();
        gauge("in_use_broken", "Broken references that running workloads use.",
              count_if(report_.broken, [](const Finding& f) { return !f.in_use.empty(); }));
        if (is_scan()) {
            gauge("gc_blockers", "What makes every garbage collection fail.",
                  count_if(report_.warnings,
                           [](const Finding& f) { return f.defect == Defect::gc_blocker; }));
            gauge("relinkable", "Broken references that can be healed before a collection.",
                  count_if(report_.broken, is_relinkable));
        }
    }

    void add_references() {
        std::map<std::pair<Kind, Defect>, std::int64_t> counts;
        for (auto kind = 0; kind <= static_cast<int>(Kind::layer); ++kind) {
            for (auto defect = 0; defect <= static_cast<int>(kLastBroken); ++defect) {
                counts[{static_cast<Kind>(kind), static_cast<Defect>(defect)}] = 0;
            }
        }
        for (const Finding& finding : report_.broken) {
            ++counts[{finding.kind, finding.defect}];
        }
        gauge("broken_references", "References to what cannot be served.");
        for (const auto& [key, count] : counts) {
            out_.sample({{"kind", std::string(kind_label(key.first))},
                         {"defect", std::string(defect_label(key.second))}},
                        count);
        }
    }

    /// Those in use come first in the report, so they are among those that are named.
    void add_broken_tags() {
        std::set<std::pair<std::string, std::string>> named;
        gauge("broken_tag", "1 for each broken tag, the first hundred of them.");
        for (const Finding& finding : report_.broken) {
            if (finding.tag.empty() || named.size() == kMostBrokenTags ||
                !named.emplace(finding.repository, finding.tag).second) {
                continue;
            }
            out_.sample({{"repository", finding.repository}, {"tag", finding.tag}},
                        std::int64_t{1});
        }
        gauge("broken_tag_truncated", "Broken tags that broken_tag does not name.",
              report_.counts.tags_broken - static_cast<std::int64_t>(named.size()));
    }

    /// The lines about content that the last run wrote; without one, as `unknown` says.
    std::string unseen_content() {
        if (previous_.empty() && unknown_ == Unknown::omit) {
            return {};
        }
        Report nothing;
        nothing.command = report_.command;
        Writer zero(nothing, {}, Unknown::zero);
        zero.add_content();
        std::string text;
        std::string name;
        for (const std::string& line : split(zero.out_.text(), '\n')) {
            if (line.starts_with("# HELP ")) {
                name = split(line, ' ')[2];
                const std::string kept = family(name);
                text += kept.empty() ? family_of(zero.out_.text(), name) : kept;
            }
        }
        return text;
    }

    [[nodiscard]] std::string family(const std::string& name) const {
        return family_of(previous_, name);
    }

    /// HELP, TYPE and samples of one metric.
    static std::string family_of(std::string_view exposition, const std::string& name) {
        std::string text;
        for (const std::string& line : split(exposition, '\n')) {
            const bool head = line.starts_with("# HELP " + name + " ") ||
                              line.starts_with("# TYPE " + name + " ");
            if (head || line.starts_with(name + "{") || line.starts_with(name + " ")) {
                text += line + "\n";
            }
        }
        return text;
    }

    const Report& report_;
    std::string_view previous_;
    Unknown unknown_;
    std::string prefix_;
    report::Exposition out_;
};

}  // namespace

std::string metrics_text(const Report& report, std::string_view previous) {
    return Writer(report, previous, Unknown::zero).text();
}

Status write_metrics_file(const std::string& path, const Report& report) {
    return report::write_exposition_file(path, metrics_text(report, read_back(path)));
}

Status push_metrics(const std::string& base, const std::string& instance,
                    const std::string& ca_cert, const Report& report) {
    report::PushTarget target;
    target.base = base;
    target.job = "registry-probe";
    target.instance = instance;
    target.ca_cert = ca_cert;
    return report::push_exposition(target, Writer(report, {}, Unknown::omit).text());
}

}  // namespace gds::registry
