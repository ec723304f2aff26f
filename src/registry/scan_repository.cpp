#include "scan_repository.h"

#include "gds/registry/graph.h"
#include "gds/registry/reference.h"
#include "scan_object.h"
#include "scan_relink.h"
#include "scan_tags.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace gds::registry {

namespace {

/// So many objects are looked at before what was found is put together.
constexpr std::size_t kBatch = 1024;
constexpr std::size_t kMostProblems = 20;

/// Fills the graph of one repository.
class RepositoryScanner {
public:
    RepositoryScanner(const ScanContext& context, const std::string& repository)
        : context_(context), repository_(repository), graph_(repository) {}

    RepositoryScan run() {
        const std::vector<TagLook> tags = read_tags(context_, repository_);
        look_at_manifests(tags);
        look_at_blobs();
        judge_relinking();
        set_tags(tags);
        set_untagged_roots();
        judge_listing(tags);
        judge_strays();
        return result();
    }

private:
    using Id = Graph::Id;

    /// Call `work` for each object in batches, then `use` what came of it, in order.
    template <class Look, class Work, class Use>
    void each_in_batches(const std::vector<Digest>& digests, Work work, Use use) {
        for (std::size_t start = 0; start < digests.size(); start += kBatch) {
            const std::size_t count = std::min(kBatch, digests.size() - start);
            std::vector<std::optional<Look>> looks(count);
            context_.workers.for_each(count, [&](std::size_t i) {
                if (context_.cancel.stopped()) {
                    return;
                }
                if (auto look = work(digests[start + i])) {
                    looks[i] = *std::move(look);
                } else {
                    context_.problems.add(look.error());
                }
            });
            for (std::size_t i = 0; i < count; ++i) {
                if (looks[i]) {
                    use(digests[start + i], *std::move(looks[i]));
                }
            }
        }
    }

    void want_manifest(const Digest& digest) {
        if (!graph_.has_manifest(digest)) {
            graph_.manifest(digest);
            wanted_.push_back(digest);
        }
    }

    static bool leads_somewhere(const TagLook& tag) {
        return tag.link.valid() && is_tag_name(tag.name);
    }

    void look_at_manifests(const std::vector<TagLook>& tags) {
        for (const TagLook& tag : tags) {
            if (leads_somewhere(tag)) {
                want_manifest(tag.link.target);
            }
        }
        for (const Digest& revision : read_revisions(context_, repository_)) {
            want_manifest(revision);
        }
        while (!wanted_.empty()) {
            const std::vector<Digest> digests = std::exchange(wanted_, {});
            each_in_batches<ManifestLook>(
                digests,
                [&](const Digest& digest) {
                    return look_at_manifest(context_.storage, repository_, digest);
                },
                [&](const Digest& digest, ManifestLook look) { take(digest, std::move(look)); });
        }
    }

    void take(const Digest& digest, ManifestLook look) {
        const Id id = graph_.manifest(digest);
        if (look.revision_link) {
            revisions_.push_back(id);
        }
        if (look.blocks_collection) {
            warn(digest, Kind::manifest, Defect::gc_blocker,
                 look.detail + ": every garbage collection ends here with an error");
        }
        if (look.defect) {
            if (look.served) {
                served_.insert(id);
            }
            graph_.condemn(id, {*look.defect, 0, std::move(look.detail), Remedy::rebuild});
            condemned_.push_back(digest);
            return;
        }
        served_.insert(id);
        take_content(id, look);
    }

    void take_content(Id id, const ManifestLook& look) {
        graph_.set_size(id, look.size);
        if (!look.revision_link) {
            graph_.warn(id, {Defect::gc_risk, 0,
                             "served by a layer's link alone: the next garbage collection sweeps "
                             "what it refers to",
                             Remedy::relink});
        }
        if (look.content.kind == ManifestKind::schema1) {
            graph_.warn(id, {Defect::schema1, 0, "an image of the old format, schema 1"});
        }
        for (const Descriptor& child : look.content.children) {
            want_manifest(child.digest);
            children_.insert(graph_.manifest(child.digest));
        }
        if (look.content.config) {
            want_blob(*look.content.config);
        }
        for (const Descriptor& layer : look.content.layers) {
            want_blob(layer);
        }
        graph_.set_references(id, look.content);
    }

    void want_blob(const Descriptor& blob) {
        if (blob.elsewhere) {
            result_.counts.elsewhere += elsewhere_.insert(blob.digest).second ? 1 : 0;
        } else if (!graph_.has_blob(blob.digest)) {
            graph_.blob(blob.digest);
            blobs_.push_back(blob.digest);
        }
    }

    void look_at_blobs() {
        each_in_batches<BlobLook>(
            blobs_,
            [&](const Digest& digest) {
                return look_at_blob(context_.storage, context_.sizes, repository_, digest);
            },
            [&](const Digest& digest, BlobLook look) {
                const Id id = graph_.blob(digest);
                if (look.defect) {
                    graph_.condemn(id, {*look.defect, 0, std::move(look.detail), look.remedy});
                } else if (context_.damaged.count(digest) > 0) {
                    graph_.condemn(
                        id, {Defect::digest, 0, "its bytes are not those that its digest promises",
                             Remedy::rebuild});
                } else {
                    graph_.set_size(id, look.size);
                }
            });
    }

    Result<std::optional<Relinkable>> relinkable(const Digest& digest) {
        return find_relinkable(
            context_.storage, context_.sizes, repository_, digest,
            [&](const Digest& blob) { return context_.damaged.count(blob) > 0; });
    }

    /// Which broken manifests a PUT of the bytes on disk would mend.
    void judge_relinking() {
        each_in_batches<std::optional<Relinkable>>(
            condemned_, [&](const Digest& digest) { return relinkable(digest); },
            [&](const Digest& digest, std::optional<Relinkable> found) {
                if (found) {
                    take_relinkable(graph_.manifest(digest), *std::move(found));
                }
            });
    }

    void take_relinkable(Id id, Relinkable found) {
        Verdict verdict = *graph_.verdict_of(id);
        verdict.remedy = Remedy::relink;
        verdict.media_type = std::move(found.media_type);
        verdict.content = std::move(found.content);
        graph_.condemn(id, std::move(verdict));
        for (Relinkable::Nested& nested : found.nested) {
            Finding finding;
            finding.repository = repository_;
            finding.parent = std::move(nested.parent);
            finding.digest = std::move(nested.digest);
            finding.kind = Kind::child;
            finding.defect = *nested.look.defect;
            finding.detail = std::move(nested.look.detail);
            finding.remedy = Remedy::relink;
            finding.media_type = std::move(nested.media_type);
            finding.content = std::move(nested.content);
            result_.broken.push_back(std::move(finding));
        }
    }

    void set_tags(const std::vector<TagLook>& tags) {
        for (const TagLook& tag : tags) {
            if (!leads_somewhere(tag)) {
                graph_.break_tag(tag.name, judge_tag(tag));
                continue;
            }
            const Id root = graph_.manifest(tag.link.target);
            tagged_.insert(root);
            const Verdict* verdict = graph_.verdict_of(root);
            if (verdict == nullptr || served_.count(root) > 0) {
                graph_.set_tag(tag.name, root);
            } else {
                graph_.break_tag(tag.name, for_tag(*verdict, tag.link.target));
            }
        }
    }

    /// What is wrong with a manifest, as the fault of the tag that leads to it.
    static Verdict for_tag(Verdict verdict, const Digest& root) {
        verdict.detail = fmt::format("it leads to {}: {}", root.text(), verdict.detail);
        if (verdict.remedy == Remedy::relink) {
            verdict.remedy = Remedy::retag;
        }
        return verdict;
    }

    /// A tag whose own link says nothing: what it led to before may still be known.
    Verdict judge_tag(const TagLook& tag) {
        if (!tag.is_directory) {
            return {Defect::unreadable, 0, "a file lies where the tag's directory should be",
                    Remedy::remove};
        }
        if (!is_tag_name(tag.name)) {
            return {Defect::missing, 0, "no tag can have this name, but the registry lists it",
                    Remedy::remove};
        }
        Verdict verdict{tag.link.absent() ? Defect::missing : Defect::unreadable, 0,
                        tag.link.absent() ? "it has no current link"
                                          : "its current link: " + why_no_digest(tag.link),
                        Remedy::remove};
        const std::vector<Digest> history = read_tag_history(context_, repository_, tag.name);
        if (history.size() == 1) {
            restore_from(history.front(), verdict);
        } else if (!history.empty()) {
            verdict.detail += fmt::format("; it led to {} manifests before", history.size());
        }
        return verdict;
    }

    void restore_from(const Digest& before, Verdict& verdict) {
        verdict.detail += fmt::format("; before, it led to {}", before.text());
        auto found = relinkable(before);
        if (!found) {
            context_.problems.add(found.error());
        } else if (*found) {
            verdict.remedy = Remedy::retag;
            verdict.media_type = std::move((*found)->media_type);
            verdict.content = std::move((*found)->content);
            if (!graph_.has_manifest(before) || graph_.verdict_of(graph_.manifest(before))) {
                verdict.defect = Defect::unlinked;
            }
        }
    }

    void set_untagged_roots() {
        for (const Id id : revisions_) {
            if (tagged_.count(id) == 0 && children_.count(id) == 0) {
                graph_.add_untagged_root(id);
            }
        }
    }

    void judge_listing(const std::vector<TagLook>& tags) {
        if (context_.storage.is_obstructed(Storage::tags_path(repository_))) {
            condemn({"its tags cannot be listed: a file lies where their directory should be",
                     Remedy::remove},
                    Defect::unreadable);
        }
        const bool live = !tags.empty() || !revisions_.empty();
        const auto unlisted = context_.unlisted.find(repository_);
        const bool listed = unlisted == context_.unlisted.end();
        result_.counts.repositories = listed || live ? 1 : 0;
        if (!listed && live) {
            condemn(unlisted->second, Defect::unlisted);
            warn({}, Kind::repository, Defect::gc_risk,
                 unlisted->second.why + "; no garbage collection marks what it holds");
        }
    }

    void judge_strays() {
        for (const std::string& stray : find_stray_links(context_, repository_)) {
            warn({}, Kind::repository, Defect::gc_blocker,
                 stray + ": every garbage collection ends here with an error");
        }
    }

    /// The repository itself.
    void condemn(const Unlisted& why, Defect defect) {
        Finding finding;
        finding.repository = repository_;
        finding.kind = Kind::repository;
        finding.defect = defect;
        finding.detail = why.why;
        finding.remedy = why.remedy;
        result_.broken.push_back(std::move(finding));
    }

    void warn(const Digest& digest, Kind kind, Defect defect, std::string detail) {
        Finding finding;
        finding.repository = repository_;
        finding.digest = digest;
        finding.kind = kind;
        finding.defect = defect;
        finding.detail = std::move(detail);
        result_.warnings.push_back(std::move(finding));
    }

    RepositoryScan result() {
        Graph::Findings found = graph_.findings();
        std::move(found.broken.begin(), found.broken.end(), std::back_inserter(result_.broken));
        std::move(found.warnings.begin(), found.warnings.end(),
                  std::back_inserter(result_.warnings));
        result_.counts.tags = graph_.tag_count();
        result_.counts.manifests = graph_.manifest_count();
        result_.counts.blobs = graph_.blob_count();
        return std::move(result_);
    }

    const ScanContext& context_;
    const std::string& repository_;
    Graph graph_;
    RepositoryScan result_;
    std::vector<Digest> wanted_, condemned_;  ///< manifests
    std::vector<Digest> blobs_;
    std::vector<Id> revisions_;  ///< manifests with a revision's link
    std::unordered_set<Id> served_, children_, tagged_;
    std::set<Digest> elsewhere_;
};

}  // namespace

void Problems::add(const Error& problem) {
    const std::lock_guard lock(mutex_);
    if (first_.size() < kMostProblems) {
        first_.push_back(problem.message);
    }
}

std::vector<std::string> Problems::list() const {
    const std::lock_guard lock(mutex_);
    return first_;
}

bool Problems::any() const {
    const std::lock_guard lock(mutex_);
    return !first_.empty();
}

RepositoryScan scan_repository(const ScanContext& context, const std::string& repository) {
    return RepositoryScanner(context, repository).run();
}

}  // namespace gds::registry
