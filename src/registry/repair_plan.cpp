#include "repair_plan.h"

#include "gds/base/text.h"
#include "gds/registry/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace gds::registry {

namespace {

using Id = Graph::Id;

bool is_manifest(Kind kind) {
    return kind == Kind::manifest || kind == Kind::child;
}

bool is_blob(Kind kind) {
    return kind == Kind::config || kind == Kind::layer;
}

/// What a healthy disk would not give: pushing again does not overwrite it. Where a scan saw that
/// only the link is wrong, it has to be mounted.
bool is_bad_on_disk(const Finding& finding) {
    return is_blob(finding.kind) && finding.remedy != Remedy::mount &&
           (finding.defect == Defect::size || finding.defect == Defect::digest);
}

/// Finds out what can be healed, and how.
class Healer {
public:
    explicit Healer(const RepositoryFacts& facts) : facts_(facts) {}

    bool heal(const Finding& finding) {
        if (finding.kind == Kind::tag) {
            return heal_tag(finding.tag);
        }
        if (is_manifest(finding.kind)) {
            // Of another size than its parent promises: nothing that is put changes that.
            return finding.defect != Defect::size && heal_manifest(finding.digest);
        }
        return is_blob(finding.kind) && !is_bad_on_disk(finding) && heal_blob(finding.digest);
    }

    void relink(const Digest& digest, const ManifestBytes& bytes, std::string why) {
        steps_.push_back({Action::put, repository(), {}, digest, {}, bytes, std::move(why)});
    }

    [[nodiscard]] bool healed(const Digest& digest) const { return healed_.count(digest) > 0; }
    std::vector<Step> take_steps() { return std::exchange(steps_, {}); }

private:
    [[nodiscard]] const std::string& repository() const { return facts_.graph.repository(); }

    bool heal_tag(const std::string& tag) {
        const auto bytes = facts_.tags.find(tag);
        if (bytes == facts_.tags.end() || !prepare(bytes->second, 0)) {
            return false;
        }
        const Digest digest = Digest::of(bytes->second.content);
        steps_.push_back(
            {Action::tag, repository(), tag, digest, {}, bytes->second, "the tag leads nowhere"});
        healed_.insert(digest);
        return true;
    }

    bool heal_manifest(const Digest& digest, int depth = 0) {
        if (healed(digest) || facts_.served.count(digest) > 0) {
            return true;
        }
        const auto bytes = facts_.manifests.find(digest);
        if (bytes == facts_.manifests.end() || !prepare(bytes->second, depth)) {
            return false;
        }
        relink(digest, bytes->second, "its bytes are known");
        healed_.insert(digest);
        return true;
    }

    /// Everything that has to be there before this can be put. Steps that turn out not to suffice
    /// are taken back.
    bool prepare(const ManifestBytes& bytes, int depth) {
        const std::size_t before = steps_.size();
        const std::set<Digest> healed_before = healed_;
        const auto content = parse_manifest(bytes.content, bytes.media_type);
        if (content && depth <= kDeepestIndex && prepare_blobs(*content) &&
            std::all_of(
                content->children.begin(), content->children.end(),
                [&](const Descriptor& child) { return heal_manifest(child.digest, depth + 1); })) {
            return true;
        }
        steps_.resize(before);
        healed_ = healed_before;
        return false;
    }

    bool prepare_blobs(const Manifest& content) {
        std::vector<Descriptor> blobs = content.layers;
        if (content.config) {
            blobs.push_back(*content.config);
        }
        return std::all_of(blobs.begin(), blobs.end(), [&](const Descriptor& blob) {
            return blob.elsewhere || heal_blob(blob.digest);
        });
    }

    bool heal_blob(const Digest& digest) {
        const auto place = facts_.blobs.find(digest);
        if (place == facts_.blobs.end() || place->second.where == BlobPlace::Where::nowhere) {
            return false;
        }
        if (place->second.where == BlobPlace::Where::here || !healed_.insert(digest).second) {
            return true;
        }
        const bool mount = place->second.where == BlobPlace::Where::sibling;
        steps_.push_back({mount ? Action::mount : Action::upload,
                          repository(),
                          {},
                          digest,
                          place->second.sibling,
                          {},
                          "this repository does not link it"});
        return true;
    }

    const RepositoryFacts& facts_;
    std::vector<Step> steps_;
    std::set<Digest> healed_;  ///< manifests and blobs
};

/// Plans for one repository.
class Planner {
public:
    explicit Planner(const RepositoryFacts& facts) : facts_(facts), healer_(facts) {}

    Plan run() {
        Healer trial(facts_);
        for (const Finding& finding : facts_.broken) {
            if (!trial.heal(finding)) {
                give_up(finding);
            }
        }
        for (const Finding& finding : facts_.broken) {
            if (!is_given_up(finding)) {
                healer_.heal(finding);
            }
        }
        plan_.steps = healer_.take_steps();
        remove_lost();
        relink_what_is_at_risk();
        sort_unique(plan_.rebuild);
        sort_unique(plan_.notes);
        return std::move(plan_);
    }

private:
    [[nodiscard]] const Graph& graph() const { return facts_.graph; }
    [[nodiscard]] const std::string& repository() const { return graph().repository(); }

    static void sort_unique(std::vector<std::string>& lines) {
        std::sort(lines.begin(), lines.end());
        lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
    }

    void note(std::string text) { plan_.notes.push_back(std::move(text)); }

    /// "team/app:1.0", with the digest of what is below it.
    [[nodiscard]] std::string name_of(const Finding& finding) const {
        return fmt::format("{}{}{}{}{}", repository(), finding.tag.empty() ? "" : ":",
                           printable(finding.tag), finding.digest.empty() ? "" : " ",
                           finding.digest.shortened());
    }

    [[nodiscard]] bool is_on_disk(const Finding& finding) const {
        return std::any_of(facts_.on_disk.begin(), facts_.on_disk.end(),
                           [&](const Finding& each) { return same_reference(each, finding); });
    }

    void give_up(const Finding& finding) {
        if (is_on_disk(finding)) {
            note(
                fmt::format("{}: the registry's disk had all of it when it was scanned: run this "
                            "with --root DIR where that disk is mounted",
                            name_of(finding)));
            return;
        }
        if (finding.defect == Defect::cache) {
            note(
                fmt::format("{}: {}: restart the registry, so that its cache forgets, and probe "
                            "again",
                            repository(), finding.digest.shortened()));
            return;
        }
        if (is_bad_on_disk(finding)) {
            note(
                fmt::format("{}: before a new push, remove the damaged file on the registry's "
                            "disk (docker/registry/v2/blobs/{}/{}/{}): a push does not overwrite "
                            "it",
                            finding.digest.shortened(), finding.digest.algorithm(),
                            finding.digest.hex().substr(0, 2), finding.digest.hex()));
        }
        if (finding.kind == Kind::tag) {
            lose_tag(finding.tag);
        } else if (!finding.tag.empty()) {
            lost_roots_.insert(finding.root);
        } else if (finding.kind != Kind::repository) {
            lost_untagged_.insert(untagged_root(finding));
        }
    }

    /// Whether the image is lost: then nothing of it needs to be healed.
    [[nodiscard]] bool is_given_up(const Finding& finding) const {
        return finding.tag.empty() ? lost_untagged_.count(untagged_root(finding)) > 0
                                   : lost_roots_.count(finding.root) > 0;
    }

    /// A tag that leads nowhere.
    void lose_tag(const std::string& tag) {
        if (!is_tag_name(tag)) {
            note(fmt::format("{}: \"{}\" among the tags can only be removed on the registry's disk",
                             repository(), printable(tag)));
            return;
        }
        dangling_.push_back(tag);
        plan_.rebuild.push_back(repository() + ":" + tag);
    }

    // What is lost is removed with everything that nothing else needs.

    void remove_lost() {
        std::set<Id> roots;
        graph().each_tag([&](const std::string& tag, std::optional<Id> root) {
            if (!root) {
                return;
            }
            tags_of_[*root].insert(tag);
            if (lost_roots_.count(graph().digest_of(*root)) > 0) {
                roots.insert(*root);
                plan_.rebuild.push_back(repository() + ":" + tag);
            }
        });
        std::set<Id> kept = reachable_from_kept(roots);
        for (const Id root : graph().untagged_roots()) {
            const bool lost = lost_untagged_.count(graph().digest_of(root)) > 0;
            if (lost && kept.count(root) == 0) {
                roots.insert(root);
            }
        }
        for (const std::string& tag : dangling_) {
            plan_.steps.push_back({Action::remove_tag,
                                   repository(),
                                   tag,
                                   {},
                                   {},
                                   {},
                                   "it leads nowhere, and nothing brings it back"});
        }
        for (const Id root : roots) {
            const std::set<std::string>& tags = tags_of_[root];
            remove(root, kept,
                   tags.empty() ? "untagged, and incomplete"
                                : fmt::format("incomplete: {}", fmt::join(tags, ", ")));
        }
        remove_blockers(kept);
    }

    /// What stays and only a layer's link leads to. Before the deletes, as all that heals.
    void relink_what_is_at_risk() {
        for (const Digest& digest : facts_.at_risk) {
            const auto bytes = facts_.manifests.find(digest);
            const auto id = graph().find_manifest(digest);
            if (bytes != facts_.manifests.end() && !healer_.healed(digest) &&
                !(id && removed_.count(*id) > 0)) {
                healer_.relink(digest, bytes->second, "only a layer's link leads to it");
            }
        }
        std::vector<Step> steps = healer_.take_steps();
        plan_.steps.insert(plan_.steps.begin(), std::make_move_iterator(steps.begin()),
                           std::make_move_iterator(steps.end()));
    }

    /// Manifests below the tags and untagged roots that stay.
    std::set<Id> reachable_from_kept(const std::set<Id>& lost) const {
        std::set<Id> kept;
        graph().each_tag([&](const std::string& /*tag*/, std::optional<Id> root) {
            if (root && lost.count(*root) == 0) {
                reach(*root, kept);
            }
        });
        for (const Id root : graph().untagged_roots()) {
            if (lost_untagged_.count(graph().digest_of(root)) == 0) {
                reach(root, kept);
            }
        }
        for (const Digest& digest : facts_.used_untagged) {
            if (const auto id = graph().find_manifest(digest)) {
                reach(*id, kept);
            }
        }
        keep_put(kept);
        return kept;
    }

    /// What is about to be put needs its children.
    void keep_put(std::set<Id>& kept) const {
        for (const Step& step : plan_.steps) {
            if (step.action == Action::put || step.action == Action::tag) {
                keep_children(step.bytes, kept);
            }
        }
        for (const Digest& digest : facts_.at_risk) {
            const auto bytes = facts_.manifests.find(digest);
            if (bytes != facts_.manifests.end() && !graph().has_manifest(digest)) {
                keep_children(bytes->second, kept);
            }
        }
    }

    void keep_children(const ManifestBytes& bytes, std::set<Id>& kept) const {
        const auto content = parse_manifest(bytes.content, bytes.media_type);
        for (const Descriptor& child : content ? content->children : std::vector<Descriptor>()) {
            if (const auto id = graph().find_manifest(child.digest)) {
                reach(*id, kept);
            }
        }
    }

    void reach(Id id, std::set<Id>& reached) const {
        if (!reached.insert(id).second) {
            return;
        }
        for (const Graph::Edge& edge : graph().references(id)) {
            if (is_manifest(edge.kind)) {
                reach(edge.to, reached);
            }
        }
    }

    void remove(Id id, const std::set<Id>& kept, const std::string& why) {
        if (kept.count(id) > 0 || !removed_.insert(id).second) {
            return;
        }
        if (is_there(id)) {
            plan_.steps.push_back(
                {Action::remove, repository(), {}, graph().digest_of(id), {}, {}, why});
        }
        for (const Graph::Edge& edge : graph().references(id)) {
            if (is_manifest(edge.kind)) {
                remove(edge.to, kept, "child of " + graph().digest_of(id).shortened());
            }
        }
    }

    /// What answers 404 cannot be deleted, and need not be.
    [[nodiscard]] bool is_there(Id id) const {
        const Verdict* verdict = graph().verdict_of(id);
        return verdict == nullptr ||
               (verdict->defect != Defect::missing && verdict->defect != Defect::unlinked);
    }

    void remove_blockers(const std::set<Id>& kept) {
        for (const Digest& digest : facts_.blockers) {
            const auto id = graph().find_manifest(digest);
            const bool stays = healer_.healed(digest) || (id && kept.count(*id) > 0);
            if (!stays && !(id && removed_.count(*id) > 0)) {
                plan_.steps.push_back({Action::remove,
                                       repository(),
                                       {},
                                       digest,
                                       {},
                                       {},
                                       "every garbage collection ends at it with an error"});
            }
        }
    }

    const RepositoryFacts& facts_;
    Healer healer_;
    Plan plan_;
    std::set<Digest> lost_roots_, lost_untagged_;
    std::vector<std::string> dangling_;
    std::map<Id, std::set<std::string>> tags_of_;
    std::set<Id> removed_;
};

constexpr std::array<std::string_view, 6> kVerbs = {"mount", "upload", "put",
                                                    "tag",   "remove", "delete"};

}  // namespace

std::int64_t Plan::deletes() const {
    return std::count_if(steps.begin(), steps.end(),
                         [](const Step& step) { return step.deletes(); });
}

Plan plan_repository(const RepositoryFacts& facts) {
    return Planner(facts).run();
}

std::string describe(const Step& step) {
    std::string text =
        fmt::format("{:<7} {}", kVerbs[static_cast<std::size_t>(step.action)], step.repository);
    if (!step.tag.empty()) {
        text += ":" + printable(step.tag);
    }
    if (!step.digest.empty()) {
        text += " " + step.digest.shortened();
    }
    if (!step.from.empty()) {
        text += " from " + step.from;
    }
    return text + " (" + printable(step.why) + ")";
}

}  // namespace gds::registry
