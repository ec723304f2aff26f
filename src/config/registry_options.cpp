#include "common_options.h"

namespace gds::config {
namespace {

constexpr std::string_view kAsk = "probe|verify|repair";
constexpr std::string_view kWalk = "probe|scan|repair";
constexpr std::string_view kLook = "probe|verify|scan";

std::vector<Option> registry_options() {
    static constexpr std::string_view kGroup = "Registry";
    return {
        {"plain-http", Type::toggle, "false", "", "Speak HTTP without TLS.", kGroup, "", kAsk},
        ca_cert_option(kGroup, kAsk),
        {"username", Type::text, "", "NAME",
         "User to log in as; the password comes from a file or from REGISTRY_PROBE_PASSWORD.",
         kGroup, "", kAsk},
        {"password-file", Type::path, "", "FILE", "File that holds the password.", kGroup, "",
         kAsk},
        {"auth-file", Type::path, "", "FILE",
         "Docker's config.json, with auths and credential helpers.", kGroup, "", kAsk},
        {"concurrency", Type::integer, "8", "N", "Requests (of a scan: reads) under way at once.",
         kGroup, "", "", 1, 256},
        {"max-rps", Type::real, "off", "N", "Send at most that many requests a second.", kGroup, "",
         kAsk, 0.01},
        {"retries", Type::integer, "5", "N", "Further attempts for a request that failed.", kGroup,
         "", kAsk, 0, 100},
        {"retry-max-wait", Type::duration, "30s", "DURATION",
         "Longest wait between two attempts; where more is asked for, the request has failed.",
         kGroup, "", kAsk},
        {"timeout", Type::duration, "30s", "DURATION",
         "Give up on a request, and retry it, after that long without a byte.", kGroup, "", kAsk,
         kSecond},
        {"max-duration", Type::duration, "off", "DURATION",
         "Stop after that long; what was not asked by then makes the run incomplete.", kGroup, "",
         "", kSecond},
    };
}

std::vector<Option> choice_options() {
    static constexpr std::string_view kGroup = "What is looked at";
    return {
        {"include", Type::list, "", "REPO-GLOB",
         "Only repositories that match one of these globs; repeatable.", kGroup, "", kWalk},
        {"exclude", Type::list, "", "REPO-GLOB",
         "Leave out repositories that match one of these globs; repeatable.", kGroup, "", kWalk},
        {"platform", Type::names, "", "LIST",
         "Only these platforms of an index, such as linux/amd64,linux/arm64.", kGroup, "",
         "probe|verify"},
        {"deep", Type::toggle, "false", "", "Read every blob and check its digest.", kGroup, "",
         kLook},
        {"confirm-after", Type::duration, "2s", "DURATION",
         "Look again after that long before anything is reported.", kGroup, ""},
        {"allow-empty", Type::toggle, "false", "",
         "Accept a registry without repositories as sound.", kGroup, "", kWalk},
        {"expect", Type::text, "", "DIGEST", "The image must have this digest.", kGroup, "",
         "verify"},
        {"in-use", Type::text, "", "FILE|kubernetes",
         "Name the workloads that use what is broken, by what kubectl get -o json printed (- is "
         "standard input), or by asking the cluster.",
         kGroup, "", "probe|scan|repair"},
        {"alias", Type::names, "", "HOST",
         "Another name by which images call the registry; for --in-use; repeatable.", kGroup, "",
         "probe|scan|repair"},
        {"service-account-dir", Type::path, "/var/run/secrets/kubernetes.io/serviceaccount", "DIR",
         "Where the pod's token and the cluster's certificate lie, for --in-use kubernetes.",
         kGroup, "", "probe|scan|repair"},
    };
}

std::vector<Option> scan_options() {
    static constexpr std::string_view kGroup = "Scan";
    return {
        {"gate", Type::toggle, "false", "",
         "Exit 11 while a garbage collection would fail or lose something, else 0.", kGroup, "",
         "scan"},
        {"max-mb-s", Type::real, "off", "N",
         "Read at most that many megabytes a second with --deep.", kGroup, "", "scan", 0.01},
        {"resume", Type::path, "", "FILE",
         "Where --deep keeps how far it came, to go on from there.", kGroup, "", "scan"},
    };
}

std::vector<Option> repair_options() {
    static constexpr std::string_view kGroup = "Repair";
    return {
        {"from", Type::path, "", "FILE", "Report of a probe or a scan to repair by.", kGroup, "",
         "repair"},
        {"root", Type::path, "", "DIR",
         "The registry's own file tree, to take bytes of layers from; never written.", kGroup, "",
         "repair"},
        {"yes", Type::toggle, "false", "", "Carry the plan out instead of printing it.", kGroup, "",
         "repair"},
        {"max-delete", Type::integer, "25", "N",
         "Do nothing at all where the plan would delete more manifests than this; -1 for no limit.",
         kGroup, "", "repair", -1},
        {"backup-dir", Type::path, "", "DIR", "Keep a copy of every deleted manifest here.", kGroup,
         "", "repair"},
    };
}

std::vector<Option> program_output_options() {
    static constexpr std::string_view kGroup = "Output";
    std::vector<Option> options{
        {"format", Type::choice, "text", "FORMAT", "Form of the answer on standard output.", kGroup,
         "text|json"},
    };
    const auto common = common_output_options(
        {kGroup, "", kLook, "", "Name at the Pushgateway, instead of the registry's host."});
    options.insert(options.end(), common.begin(), common.end());
    return options;
}

}  // namespace

const Program& registry_probe() {
    static const Program program = [] {
        Program made{"registry-probe", "REGISTRY_PROBE_", {"PASSWORD"}, {}};
        for (const auto& group : {registry_options(), choice_options(), scan_options(),
                                  repair_options(), program_output_options()}) {
            made.options.insert(made.options.end(), group.begin(), group.end());
        }
        return made;
    }();
    return program;
}

}  // namespace gds::config
