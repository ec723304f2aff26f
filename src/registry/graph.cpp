#include "gds/registry/graph.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>

namespace gds::registry {

namespace {

/// Names of platforms that are kept; a registry that makes up more of them goes without.
constexpr std::size_t kMostPlatforms = 256;

void copy(const Verdict& verdict, Finding& finding) {
    finding.defect = verdict.defect;
    finding.status = verdict.status;
    finding.detail = verdict.detail;
    finding.remedy = verdict.remedy;
    finding.media_type = verdict.media_type;
    finding.content = verdict.content;
}

}  // namespace

/// One descent from a tag or an untagged root.
struct Graph::Walk {
    Findings& out;
    std::string tag;
    Id root;
    std::unordered_set<Id> seen;  ///< manifests whose references were judged
};

Graph::Id Graph::add(Index& index, const Digest& digest) {
    const auto [found, added] = index.try_emplace(digest, static_cast<Id>(objects_.size()));
    if (added) {
        objects_.emplace_back().digest = digest;
    }
    return found->second;
}

Graph::Id Graph::manifest(const Digest& digest) {
    return add(manifests_, digest);
}

Graph::Id Graph::blob(const Digest& digest) {
    return add(blobs_, digest);
}

bool Graph::has_manifest(const Digest& digest) const {
    return manifests_.count(digest) > 0;
}

std::optional<Graph::Id> Graph::find_manifest(const Digest& digest) const {
    const auto found = manifests_.find(digest);
    return found == manifests_.end() ? std::nullopt : std::optional(found->second);
}

bool Graph::has_blob(const Digest& digest) const {
    return blobs_.count(digest) > 0;
}

void Graph::set_tag(const std::string& tag, Id root) {
    broken_tags_.erase(tag);
    tags_[tag] = root;
}

void Graph::break_tag(const std::string& tag, Verdict verdict) {
    tags_[tag].reset();
    broken_tags_.insert_or_assign(tag, std::move(verdict));
}

void Graph::add_untagged_root(Id root) {
    untagged_roots_.push_back(root);
}

std::uint16_t Graph::platform_number(const std::string& platform) {
    const auto found = std::find(platforms_.begin(), platforms_.end(), platform);
    if (found == platforms_.end() && platforms_.size() < kMostPlatforms) {
        platforms_.push_back(platform);
        return static_cast<std::uint16_t>(platforms_.size() - 1);
    }
    return found == platforms_.end() ? std::uint16_t{0}
                                     : static_cast<std::uint16_t>(found - platforms_.begin());
}

void Graph::set_references(Id manifest, const Manifest& content) {
    std::vector<Edge> edges;
    const auto add_edge = [&](Id to, Kind kind, const Descriptor& descriptor) {
        edges.push_back({to, kind, platform_number(descriptor.platform), descriptor.size});
    };
    for (const Descriptor& child : content.children) {
        add_edge(this->manifest(child.digest), Kind::child, child);
    }
    if (content.config) {
        add_edge(blob(content.config->digest), Kind::config, *content.config);
    }
    for (const Descriptor& layer : content.layers) {
        if (!layer.elsewhere) {
            add_edge(blob(layer.digest), Kind::layer, layer);
        }
    }
    objects_[manifest].edges = std::move(edges);
    objects_[manifest].is_index = content.kind == ManifestKind::index;
}

void Graph::set_size(Id object, std::int64_t size) {
    objects_[object].size = size;
}

void Graph::condemn(Id object, Verdict verdict) {
    broken_.insert_or_assign(object, std::move(verdict));
}

void Graph::warn(Id object, Verdict verdict) {
    warned_.emplace(object, std::move(verdict));
}

void Graph::pardon(Id object) {
    broken_.erase(object);
}

void Graph::pardon_tag(const std::string& tag) {
    tags_.erase(tag);
    broken_tags_.erase(tag);
}

const Verdict* Graph::verdict_of(Id object) const {
    const auto found = broken_.find(object);
    return found == broken_.end() ? nullptr : &found->second;
}

std::int64_t Graph::tag_count() const {
    return static_cast<std::int64_t>(tags_.size());
}

void Graph::each_tag(
    const std::function<void(const std::string&, std::optional<Id>)>& visit) const {
    for (const auto& [tag, root] : tags_) {
        visit(tag, root);
    }
}

Finding Graph::finding(const Walk& walk, const Edge& edge, const Digest& parent,
                       const Verdict& verdict) const {
    Finding finding;
    finding.repository = repository_;
    finding.tag = walk.tag;
    finding.root = objects_[walk.root].digest;
    finding.parent = parent;
    finding.digest = objects_[edge.to].digest;
    finding.kind = edge.kind;
    copy(verdict, finding);
    return finding;
}

std::optional<Verdict> Graph::judged(const Edge& edge, int depth) const {
    const Object& object = objects_[edge.to];
    if (edge.kind == Kind::child && depth > kDeepestIndex) {
        return Verdict{Defect::unreadable,
                       0,
                       fmt::format("nested deeper than {} indexes: not followed", kDeepestIndex),
                       Remedy::rebuild,
                       {},
                       {}};
    }
    if (const Verdict* verdict = verdict_of(edge.to)) {
        return *verdict;
    }
    if (edge.size >= 0 && object.size >= 0 && edge.size != object.size) {
        return Verdict{Defect::size,
                       size_status_,
                       fmt::format("{} bytes, but its manifest says {}", object.size, edge.size),
                       Remedy::rebuild,
                       {},
                       {}};
    }
    return std::nullopt;
}

void Graph::judge(Walk& walk, const Edge& edge, const Digest& parent, int depth) const {
    const auto warnings = warned_.equal_range(edge.to);
    for (auto warning = warnings.first; warning != warnings.second; ++warning) {
        walk.out.warnings.push_back(finding(walk, edge, parent, warning->second));
    }
    if (const auto verdict = judged(edge, depth)) {
        walk.out.broken.push_back(finding(walk, edge, parent, *verdict));
    }
    // Beyond the deepest index nothing was fetched; a broken manifest has no references.
    if (depth > kDeepestIndex || !walk.seen.insert(edge.to).second) {
        return;
    }
    const Object& object = objects_[edge.to];
    std::unordered_set<std::uint64_t> listed;  // one object in one role, however often
    for (const Edge& below : object.edges) {
        if (listed.insert(std::uint64_t{below.to} << 8U | static_cast<unsigned>(below.kind))
                .second) {
            judge(walk, below, object.digest, depth + 1);
        }
    }
}

Finding Graph::unreached(Kind kind, const std::string& tag, const Verdict& verdict) const {
    Finding finding;
    finding.repository = repository_;
    finding.tag = tag;
    finding.kind = kind;
    copy(verdict, finding);
    return finding;
}

Graph::Findings Graph::findings() const {
    Findings found;
    if (broken_repository_) {
        found.broken.push_back(unreached(Kind::repository, "", *broken_repository_));
    }
    for (const auto& [tag, root] : tags_) {
        if (!root) {
            found.broken.push_back(unreached(Kind::tag, tag, broken_tags_.at(tag)));
            continue;
        }
        Walk walk{found, tag, *root, {}};
        judge(walk, {*root, Kind::manifest, 0, -1}, Digest(), 0);
    }
    for (const Id root : untagged_roots_) {
        Walk walk{found, "", root, {}};
        judge(walk, {root, Kind::manifest, 0, -1}, Digest(), 0);
    }
    return found;
}

}  // namespace gds::registry
