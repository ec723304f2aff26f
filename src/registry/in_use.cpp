#include "in_use.h"

#include "gds/base/fd.h"
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/registry/reference.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLargestList = std::size_t{1} << 30U;
constexpr std::size_t kMostNamed = 20;  // workloads of one finding

/// The members of a workload that matter. All others are dropped while parsing: the list of a
/// large cluster is mostly made of them.
constexpr std::array<std::string_view, 23> kMembers = {"apiVersion",
                                                       "items",
                                                       "kind",
                                                       "metadata",
                                                       "name",
                                                       "namespace",
                                                       "continue",
                                                       "spec",
                                                       "template",
                                                       "jobTemplate",
                                                       "containers",
                                                       "initContainers",
                                                       "image",
                                                       "imageID",
                                                       "ephemeralContainers",
                                                       "status",
                                                       "phase",
                                                       "containerStatuses",
                                                       "conditions",
                                                       "type",
                                                       "initContainerStatuses",
                                                       "completionTime",
                                                       "ephemeralContainerStatuses"};

bool keep(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    return event != Json::parse_event_t::key ||
           std::find(kMembers.begin(), kMembers.end(), parsed.get_ref<const std::string&>()) !=
               kMembers.end();
}

const Json& member(const Json& json, const char* name) {
    static const Json nothing;
    const auto found = json.is_object() ? json.find(name) : json.end();
    return json.is_object() && found != json.end() ? *found : nothing;
}

std::string text(const Json& json, const char* name) {
    const Json& value = member(json, name);
    return value.is_string() ? value.get<std::string>() : "";
}

bool has_ended(const Json& item, const std::string& kind) {
    const Json& status = member(item, "status");
    const std::string phase = text(status, "phase");
    if (phase == "Succeeded" || phase == "Failed" || !text(status, "completionTime").empty()) {
        return true;
    }
    if (kind != "Job") {
        return false;
    }
    const Json& conditions = member(status, "conditions");
    return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
        const std::string type = text(condition, "type");
        return (type == "Complete" || type == "Failed") && text(condition, "status") == "True";
    });
}

/// The pod's own spec, that of a template, that of a cron job's template.
const Json& pod_spec(const Json& item) {
    const Json& spec = member(item, "spec");
    const Json& job = member(spec, "jobTemplate");
    const Json& template_of = member(job.is_object() ? member(job, "spec") : spec, "template");
    return template_of.is_object() ? member(template_of, "spec") : spec;
}

/// "docker-pullable://host/name@sha256:..." and the like, without the scheme.
std::string without_scheme(const std::string& image) {
    const auto scheme = image.find("://");
    return scheme == std::string::npos ? image : image.substr(scheme + 3);
}

std::vector<std::string> images_of(const Json& item) {
    std::vector<std::string> images;
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
        for (const Json& container : member(pod_spec(item), list)) {
            images.push_back(text(container, "image"));
        }
    }
    for (const char* list :
         {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"}) {
        for (const Json& container : member(member(item, "status"), list)) {
            images.push_back(without_scheme(text(container, "imageID")));
        }
    }
    return images;
}

/// "CronJob backup/nightly".
std::string name_of(const Json& item, const std::string& kind) {
    const Json& metadata = member(item, "metadata");
    const std::string space = text(metadata, "namespace");
    return fmt::format("{} {}{}{}", kind, space, space.empty() ? "" : "/", text(metadata, "name"));
}

/// "PodList" lists Pods, whose own kind the API leaves out.
std::string listed_kind(const Json& list) {
    std::string kind = text(list, "kind");
    if (kind.ends_with("List")) {
        kind.resize(kind.size() - 4);
    }
    return kind;
}

Error not_a_list(std::string_view why) {
    return error(Code::invalid_argument,
                 fmt::format("not what kubectl get -o json prints: {}", why));
}

}  // namespace

/// Of one item of a list, which may be any kind of workload.
struct Usage::Item {
    const Json& json;
    const std::string& kind;
};

void Usage::add_item(const Item& item) {
    if (has_ended(item.json, item.kind)) {
        return;
    }
    for (const std::string& image : images_of(item.json)) {
        add_image(image, name_of(item.json, item.kind));
    }
}

Result<std::string> Usage::add(std::string_view json) {
    const Json list = Json::parse(json, keep, false);
    if (!list.is_object()) {
        return not_a_list("no JSON object");
    }
    const Json& items = member(list, "items");
    if (items.is_array()) {
        for (const Json& item : items) {
            const std::string own = text(item, "kind");
            add_item({item, own.empty() ? listed_kind(list) : own});
        }
        return text(member(list, "metadata"), "continue");
    }
    if (!member(list, "spec").is_object()) {
        return not_a_list("it has no items");
    }
    add_item({list, text(list, "kind")});
    return std::string();
}

void Usage::add_image(const std::string& image, const std::string& workload) {
    const auto reference = parse_reference(image);
    if (!reference || hosts_.count(reference->registry) == 0) {
        return;
    }
    if (reference->digest.empty()) {
        by_tag_[{reference->repository, reference->tag}].insert(workload);
    } else {
        by_digest_[{reference->repository, reference->digest.text()}].insert(workload);
    }
}

void Usage::mark(Finding& finding) const {
    Workloads users;
    const auto add = [&](const Images& images, const std::string& name) {
        const auto found = images.find({finding.repository, name});
        if (found != images.end() && !name.empty()) {
            users.insert(found->second.begin(), found->second.end());
        }
    };
    add(by_tag_, finding.tag);
    for (const Digest* digest : {&finding.root, &finding.parent, &finding.digest}) {
        add(by_digest_, digest->text());
    }
    finding.in_use.assign(users.begin(), users.end());
    if (finding.in_use.size() > kMostNamed) {
        const std::size_t more = finding.in_use.size() - kMostNamed;
        finding.in_use.resize(kMostNamed);
        finding.in_use.push_back(fmt::format("and {} more", more));
    }
}

void Usage::mark(std::vector<Finding>& findings) const {
    for (Finding& finding : findings) {
        mark(finding);
    }
}

Result<Usage> load_usage(const UsageSettings& settings, const std::string& host, Cancel& cancel) {
    std::set<std::string> hosts(settings.aliases.begin(), settings.aliases.end());
    hosts.insert(host);
    Usage usage(std::move(hosts));
    if (settings.source == "kubernetes") {
        GDS_CHECK(add_cluster(usage, settings, cancel));
        return usage;
    }
    const std::string path = settings.source == "-" ? "/dev/stdin" : settings.source;
    const auto text = read_small_file(path, kLargestList);
    auto added = text ? usage.add(*text) : Result<std::string>(text.error());
    if (!added) {
        Error failure = added.error().context("--in-use");
        failure.code = Code::invalid_argument;
        return failure;
    }
    return usage;
}

Result<std::optional<Usage>> learn_usage(const UsageSettings& settings, const std::string& host,
                                         Cancel& cancel, Report& report) {
    if (settings.source.empty()) {
        return std::optional<Usage>();
    }
    auto usage = load_usage(settings, host, cancel);
    if (usage) {
        return std::optional<Usage>(*std::move(usage));
    }
    if (usage.error().code == Code::invalid_argument) {
        return usage.error();
    }
    log::warn(usage.error().message);
    report.complete = false;
    report.problems.push_back(usage.error().message);
    return std::optional<Usage>();
}

void mark(Report& report, const std::optional<Usage>& usage) {
    if (usage) {
        usage->mark(report.broken);
        usage->mark(report.warnings);
    }
}

}  // namespace gds::registry
