#include "gds/registry/finding.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <array>
#include <tuple>

namespace gds::registry {

namespace {

constexpr std::array<std::string_view, 6> kKinds = {"repository", "tag",    "manifest",
                                                    "child",      "config", "layer"};
constexpr std::array<std::string_view, 11> kDefects = {
    "missing",  "unlinked", "unreadable", "size",   "digest", "cache",
    "unlisted", "gc_risk",  "gc_blocker", "shrunk", "schema1"};
constexpr std::array<std::string_view, 7> kRemedies = {"",        "relink", "mount", "rebuild",
                                                       "restart", "retag",  "remove"};

/// The enumerator whose place in the table the label has.
template <class Enum, std::size_t size>
std::optional<Enum> find_label(const std::array<std::string_view, size>& labels,
                               std::string_view label) {
    for (std::size_t i = 0; i < size; ++i) {
        if (labels[i] == label) {
            return static_cast<Enum>(i);
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view kind_label(Kind kind) {
    return kKinds[static_cast<std::size_t>(kind)];
}
std::string_view defect_label(Defect defect) {
    return kDefects[static_cast<std::size_t>(defect)];
}
std::string_view remedy_label(Remedy remedy) {
    return kRemedies[static_cast<std::size_t>(remedy)];
}
std::optional<Kind> kind_from(std::string_view label) {
    return find_label<Kind>(kKinds, label);
}
std::optional<Defect> defect_from(std::string_view label) {
    return find_label<Defect>(kDefects, label);
}
std::optional<Remedy> remedy_from(std::string_view label) {
    return find_label<Remedy>(kRemedies, label);
}

std::string describe(const Finding& finding) {
    std::string text = printable(finding.repository);
    if (!finding.tag.empty()) {
        text += ":" + printable(finding.tag);
    }
    text += fmt::format(" {}", kind_label(finding.kind));
    if (!finding.digest.empty()) {
        text += " " + finding.digest.shortened();
    }
    text += fmt::format(": {}", defect_label(finding.defect));
    if (finding.status != 0) {
        text += fmt::format(" ({})", finding.status);
    }
    if (!finding.detail.empty()) {
        text += ": " + printable(finding.detail);
    }
    return text;
}

bool is_relinkable(const Finding& finding) {
    return finding.remedy == Remedy::relink ||
           (finding.remedy == Remedy::retag && finding.defect == Defect::unlinked);
}

bool same_reference(const Finding& a, const Finding& b) {
    const auto key = [](const Finding& finding) {
        return std::tie(finding.repository, finding.tag, finding.parent, finding.digest,
                        finding.kind);
    };
    return key(a) == key(b);
}

}  // namespace gds::registry
