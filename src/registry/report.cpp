#include "gds/registry/report.h"

#include "gds/base/base64.h"
#include "gds/base/fd.h"
#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

namespace gds::registry {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kLargestReport = std::size_t{1} << 30U;

/// Names may hold any bytes, JSON only UTF-8: what is none becomes U+FFFD.
std::string json_text(const OrderedJson& json) {
    return json.dump(1, ' ', false, OrderedJson::error_handler_t::replace);
}

OrderedJson finding_json(const Finding& finding) {
    OrderedJson json{{"repository", finding.repository},
                     {"tag", finding.tag},
                     {"parent", finding.parent.text()},
                     {"digest", finding.digest.text()},
                     {"kind", kind_label(finding.kind)},
                     {"defect", defect_label(finding.defect)},
                     {"status", finding.status},
                     {"detail", finding.detail},
                     {"remedy", remedy_label(finding.remedy)},
                     {"in_use", finding.in_use}};
    if (!finding.content.empty()) {
        json["media_type"] = finding.media_type;
        json["content"] = base64(finding.content);
    }
    return json;
}

OrderedJson findings_json(const std::vector<Finding>& findings) {
    OrderedJson json = OrderedJson::array();
    for (const Finding& finding : findings) {
        json.push_back(finding_json(finding));
    }
    return json;
}

OrderedJson counts_json(const Counts& counts) {
    return OrderedJson{{"repositories", counts.repositories}, {"tags", counts.tags},
                       {"manifests", counts.manifests},       {"blobs", counts.blobs},
                       {"requests", counts.requests},         {"tags_broken", counts.tags_broken},
                       {"elsewhere", counts.elsewhere}};
}

void sort_findings(std::vector<Finding>& findings) {
    const auto before = [](const Finding& a, const Finding& b) {
        return std::tie(a.repository, a.tag, a.kind, a.parent, a.digest, a.defect) <
               std::tie(b.repository, b.tag, b.kind, b.parent, b.digest, b.defect);
    };
    std::stable_sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) {
        return a.in_use.empty() != b.in_use.empty() ? b.in_use.empty() : before(a, b);
    });
    const auto same = [](const Finding& a, const Finding& b) {
        return same_reference(a, b) && a.defect == b.defect;
    };
    findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
}

/// Reads typed members of one object; remembers that one was wrong.
class Reader {
public:
    explicit Reader(const OrderedJson& json) : json_(json) {}

    std::string text(const char* name) {
        const OrderedJson* value = member(name);
        if (value == nullptr || !value->is_string()) {
            return fail<std::string>();
        }
        return value->get<std::string>();
    }

    std::int64_t number(const char* name) {
        const OrderedJson* value = member(name);
        if (value == nullptr || !value->is_number_integer()) {
            return fail<std::int64_t>();
        }
        return value->get<std::int64_t>();
    }

    template <class Enum>
    Enum label(const char* name, std::optional<Enum> (*from)(std::string_view)) {
        const auto found = from(text(name));
        return found ? *found : fail<Enum>();
    }

    Digest digest(const char* name) {
        const std::string value = text(name);
        const auto parsed = value.empty() ? Result<Digest>(Digest()) : Digest::parse(value);
        return parsed ? *parsed : fail<Digest>();
    }

    std::int64_t time(const char* name) {
        const auto parsed = parse_rfc3339(text(name));
        return parsed ? *parsed : fail<std::int64_t>();
    }

    /// The text, or "" where there is no such member.
    std::string optional_text(const char* name) { return json_.contains(name) ? text(name) : ""; }

    [[nodiscard]] const OrderedJson* member(const char* name) const {
        const auto found = json_.find(name);
        return found == json_.end() ? nullptr : &*found;
    }
    [[nodiscard]] bool failed() const { return failed_; }

private:
    template <class T>
    T fail() {
        failed_ = true;
        return T{};
    }

    const OrderedJson& json_;
    bool failed_ = false;
};

Error not_a_report(std::string_view why) {
    return error(Code::invalid_argument, fmt::format("not a report of registry-probe: {}", why));
}

Result<Finding> parse_finding(const OrderedJson& json) {
    if (!json.is_object()) {
        return not_a_report("a finding that is no object");
    }
    Reader reader(json);
    Finding finding;
    finding.repository = reader.text("repository");
    finding.tag = reader.text("tag");
    finding.parent = reader.digest("parent");
    finding.digest = reader.digest("digest");
    finding.kind = reader.label("kind", kind_from);
    finding.defect = reader.label("defect", defect_from);
    finding.status = static_cast<int>(reader.number("status"));
    finding.detail = reader.text("detail");
    finding.remedy = reader.label("remedy", remedy_from);
    finding.media_type = reader.optional_text("media_type");
    finding.content = GDS_TRY(from_base64(reader.optional_text("content")));
    if (const OrderedJson* in_use = reader.member("in_use");
        in_use != nullptr && in_use->is_array()) {
        for (const OrderedJson& workload : *in_use) {
            finding.in_use.push_back(workload.is_string() ? workload.get<std::string>() : "");
        }
    }
    if (reader.failed()) {
        return not_a_report("a finding lacks something");
    }
    return finding;
}

Result<std::vector<Finding>> parse_findings(const OrderedJson& json, const char* name) {
    const auto list = json.find(name);
    if (list == json.end() || !list->is_array()) {
        return not_a_report(fmt::format("no \"{}\"", name));
    }
    std::vector<Finding> findings;
    for (const OrderedJson& each : *list) {
        findings.push_back(GDS_TRY(parse_finding(each)));
    }
    return findings;
}

Counts parse_counts(Reader reader) {
    Counts counts;
    counts.repositories = reader.number("repositories");
    counts.tags = reader.number("tags");
    counts.manifests = reader.number("manifests");
    counts.blobs = reader.number("blobs");
    counts.requests = reader.number("requests");
    counts.tags_broken = reader.number("tags_broken");
    counts.elsewhere = reader.member("elsewhere") == nullptr ? 0 : reader.number("elsewhere");
    return counts;
}

std::string used_by(const Finding& finding) {
    if (finding.in_use.empty()) {
        return {};
    }
    std::string text = "  [in use: ";
    for (std::size_t i = 0; i < finding.in_use.size(); ++i) {
        text += (i == 0 ? "" : ", ") + printable(finding.in_use[i]);
    }
    return text + "]";
}

std::string finding_line(std::string_view mark, const Finding& finding) {
    return fmt::format(
        "{} {}{}{}\n", mark, describe(finding),
        finding.remedy == Remedy::none ? "" : fmt::format(" -> {}", remedy_label(finding.remedy)),
        used_by(finding));
}

}  // namespace

void settle(Report& report) {
    sort_findings(report.broken);
    sort_findings(report.warnings);
    std::set<std::pair<std::string_view, std::string_view>> tags;
    for (const Finding& finding : report.broken) {
        if (!finding.tag.empty()) {
            tags.emplace(finding.repository, finding.tag);
        }
    }
    report.counts.tags_broken = static_cast<std::int64_t>(tags.size());
}

std::string report_json(const Report& report) {
    OrderedJson json{{"schema", 1},
                     {"command", report.command},
                     {"registry", report.registry},
                     {"started", format_rfc3339(report.started_ms)},
                     {"finished", format_rfc3339(report.finished_ms)},
                     {"complete", report.complete},
                     {"result", exit_code_name(report.exit_code)},
                     {"exit_code", static_cast<int>(report.exit_code)},
                     {"summary", summary_line(report)},
                     {"counts", counts_json(report.counts)},
                     {"broken", findings_json(report.broken)},
                     {"warnings", findings_json(report.warnings)},
                     {"problems", report.problems}};
    if (!report.plan.empty()) {
        json["plan"] = report.plan;
    }
    return json_text(json) + "\n";
}

Status write_report_file(const std::string& path, const Report& report) {
    const Status written = write_out(path, report_json(report), 0644);
    if (!written) {
        return written.error().context("the report could not be written");
    }
    return {};
}

Result<Report> parse_report(std::string_view text) {
    const OrderedJson json = OrderedJson::parse(text, nullptr, false);
    if (!json.is_object()) {
        return not_a_report("no JSON object");
    }
    Reader reader(json);
    if (reader.number("schema") != 1) {
        return not_a_report("its schema is not 1");
    }
    Report report;
    report.command = reader.optional_text("command");
    report.registry = reader.text("registry");
    report.started_ms = reader.time("started");
    report.finished_ms = reader.time("finished");
    const OrderedJson* complete = reader.member("complete");
    const OrderedJson* counts = reader.member("counts");
    if (reader.failed() || complete == nullptr || !complete->is_boolean() || counts == nullptr ||
        !counts->is_object()) {
        return not_a_report("it lacks something");
    }
    report.complete = complete->get<bool>();
    report.counts = parse_counts(Reader(*counts));
    report.broken = GDS_TRY(parse_findings(json, "broken"));
    report.warnings = GDS_TRY(parse_findings(json, "warnings"));
    return report;
}

Result<Report> read_report_file(const std::string& path) {
    const std::string text = GDS_TRY(read_small_file(path, kLargestReport));
    auto report = parse_report(text);
    return report ? std::move(report) : report.error().context(path);
}

std::string report_text(const Report& report) {
    std::string text;
    for (const std::string& line : report.plan) {
        text += line + "\n";
    }
    if (report.command != "verify") {  // its lines told already what is broken
        for (const Finding& finding : report.broken) {
            text += finding_line("broken ", finding);
        }
    }
    for (const Finding& finding : report.warnings) {
        text += finding_line("warning", finding);
    }
    for (const std::string& problem : report.problems) {
        text += fmt::format("unasked {}\n", printable(problem));
    }
    return text;
}

std::string summary_line(const Report& report) {
    const Counts& counts = report.counts;
    return fmt::format("registry-probe: {}/{} tags broken, {} broken references, {} checked",
                       counts.tags_broken, counts.tags, report.broken.size(), counts.checked());
}

}  // namespace gds::registry
