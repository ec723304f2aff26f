#include "verify_lines.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace gds::registry {

namespace {

class Lines {
public:
    Lines(const Graph& graph, const std::vector<Finding>& broken)
        : graph_(graph), broken_(broken) {}

    void add_root(const std::string& name, const std::string& tag, Graph::Id root) {
        tag_ = tag;
        seen_.clear();
        add(Graph::Edge{root, Kind::manifest, 0, -1}, Digest(), name, 0);
    }

    void add_broken_tag(const std::string& name, const std::string& tag) {
        for (const Finding& finding : broken_) {
            if (finding.kind == Kind::tag && finding.tag == tag) {
                line("broken", "tag", Digest(), name, why(finding));
            }
        }
    }

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    void add(const Graph::Edge& edge, const Digest& parent, const std::string& note, int depth) {
        const Digest& digest = graph_.digest_of(edge.to);
        const bool is_root = edge.kind == Kind::manifest;
        const std::string_view what =
            is_root && graph_.is_index(edge.to) ? "index" : kind_label(edge.kind);
        std::string reasons;
        for (const Finding& finding : broken_) {
            if (finding.tag == tag_ && finding.kind == edge.kind && finding.digest == digest &&
                finding.parent == parent) {
                reasons += (reasons.empty() ? "" : "; ") + why(finding);
            }
        }
        line(!reasons.empty()            ? "broken"
             : graph_.is_served(edge.to) ? "ok"
                                         : "unasked",
             what, digest, note, reasons);
        if (depth > kDeepestIndex || !seen_.insert(edge.to).second) {
            return;
        }
        for (const Finding& finding : broken_) {
            if (finding.tag == tag_ && finding.parent == digest && finding.digest.empty()) {
                line("broken", kind_label(finding.kind), Digest(), "", why(finding));
            }
        }
        for (const Graph::Edge& below : graph_.references(edge.to)) {
            const std::int64_t size = below.size;
            add(below, digest,
                below.kind == Kind::child ? graph_.platform_of(below)
                : size < 0                ? ""
                                          : format_size(size),
                depth + 1);
        }
    }

    static std::string why(const Finding& finding) {
        return fmt::format("{}{}{}{}", defect_label(finding.defect),
                           finding.status == 0 ? "" : fmt::format(" ({})", finding.status),
                           finding.detail.empty() ? "" : ": ", printable(finding.detail));
    }

    void line(std::string_view verdict, std::string_view what, const Digest& digest,
              const std::string& note, const std::string& reason) {
        text_ += fmt::format("{:<7} {:<8}{}{}{}{}{}{}\n", verdict, what, digest.empty() ? "" : " ",
                             digest.shortened(), note.empty() ? "" : "  ", printable(note),
                             reason.empty() ? "" : "  ", reason);
    }

    const Graph& graph_;
    const std::vector<Finding>& broken_;
    std::string tag_;
    std::set<Graph::Id> seen_;
    std::string text_;
};

}  // namespace

std::string verify_lines(const std::string& host, const Graph& graph,
                         const std::vector<Finding>& broken) {
    Lines lines(graph, broken);
    const std::string name = host + "/" + graph.repository();
    graph.each_tag([&](const std::string& tag, std::optional<Graph::Id> root) {
        if (root) {
            lines.add_root(name + ":" + tag, tag, *root);
        } else {
            lines.add_broken_tag(name + ":" + tag, tag);
        }
    });
    for (const Graph::Id root : graph.untagged_roots()) {
        lines.add_root(name + "@" + graph.digest_of(root).shortened(), "", root);
    }
    return lines.text();
}

}  // namespace gds::registry
