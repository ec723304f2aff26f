#pragma once

#include "gds/registry/finding.h"
#include "gds/registry/manifest.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gds::registry {

/// What is wrong with an object, whoever refers to it.
struct Verdict {
    Defect defect = Defect::missing;
    int status = 0;
    std::string detail = {};
    Remedy remedy = Remedy::none;
    // As in Finding.
    std::string media_type = {};
    std::string content = {};
};

/// One repository as far as it was looked at: tags, manifests, blobs, who refers to whom, and what
/// is wrong with each. Probe and scan fill it, each in its way; what is broken follows by one rule.
class Graph {
public:
    using Id = std::uint32_t;

    /// `size_status` is the HTTP status behind sizes (200), 0 where they come from a disk.
    explicit Graph(std::string repository, int size_status = 0)
        : repository_(std::move(repository)), size_status_(size_status) {}

    [[nodiscard]] const std::string& repository() const { return repository_; }

    /// The object of that digest; made where it is new. Manifests and blobs are told apart: one
    /// digest may be both.
    Id manifest(const Digest& digest);
    Id blob(const Digest& digest);
    /// Whether there was such an object before.
    [[nodiscard]] bool has_manifest(const Digest& digest) const;
    [[nodiscard]] bool has_blob(const Digest& digest) const;
    [[nodiscard]] std::optional<Id> find_manifest(const Digest& digest) const;
    [[nodiscard]] const Digest& digest_of(Id id) const { return objects_[id].digest; }

    /// The tag leads to this manifest.
    void set_tag(const std::string& tag, Id root);
    /// The tag leads nowhere.
    void break_tag(const std::string& tag, Verdict verdict);
    /// A manifest that no tag needs to lead to is looked at for itself, with tag "".
    void add_untagged_root(Id root);
    [[nodiscard]] const std::vector<Id>& untagged_roots() const { return untagged_roots_; }

    /// What the manifest refers to: children, config and layers, less what lies elsewhere.
    void set_references(Id manifest, const Manifest& content);
    /// Its bytes are that many, which are held against every descriptor of it.
    void set_size(Id object, std::int64_t size);
    void condemn(Id object, Verdict verdict);
    void warn(Id object, Verdict verdict);
    /// Its tags cannot even be listed.
    void condemn_repository(Verdict verdict) { broken_repository_ = std::move(verdict); }
    void pardon_repository() { broken_repository_.reset(); }
    /// A later look found it sound, or the tag moved: nothing of it is reported.
    void pardon(Id object);
    void pardon_tag(const std::string& tag);

    [[nodiscard]] const Verdict* verdict_of(Id object) const;

    /// That one object refers to another: in which role, and of which size it says it is.
    struct Edge {
        Id to = 0;
        Kind kind = Kind::layer;
        std::uint16_t platform = 0;  ///< of a child, by platform_of()
        std::int64_t size = -1;
    };
    /// "linux/amd64"; "" where none was told.
    [[nodiscard]] const std::string& platform_of(const Edge& edge) const {
        return platforms_[edge.platform];
    }
    [[nodiscard]] const std::vector<Edge>& references(Id object) const {
        return objects_[object].edges;
    }
    [[nodiscard]] std::int64_t size_of(Id object) const { return objects_[object].size; }
    /// Whether its references are those of an index.
    [[nodiscard]] bool is_index(Id object) const { return objects_[object].is_index; }
    /// It was asked for, and came: what never was is not sound.
    void mark_served(Id object, bool served) { objects_[object].served = served; }
    [[nodiscard]] bool is_served(Id object) const { return objects_[object].served; }
    [[nodiscard]] std::size_t object_count() const { return objects_.size(); }

    struct Findings {
        std::vector<Finding> broken, warnings;
    };
    /// Everything broken below every tag (in their order) and every untagged root. Nothing is
    /// looked for below a manifest that is broken itself.
    [[nodiscard]] Findings findings() const;

    [[nodiscard]] std::int64_t tag_count() const;
    [[nodiscard]] std::int64_t manifest_count() const { return count(manifests_); }
    [[nodiscard]] std::int64_t blob_count() const { return count(blobs_); }

    /// Tags in order with their root, for whoever looks further; no root for a broken tag.
    void each_tag(const std::function<void(const std::string&, std::optional<Id>)>& visit) const;

private:
    struct Object {
        Digest digest;
        std::int64_t size = -1;
        std::vector<Edge> edges;
        bool is_index = false;
        bool served = false;
    };
    using Index = std::map<Digest, Id>;
    struct Walk;

    static std::int64_t count(const Index& index) {
        return static_cast<std::int64_t>(index.size());
    }
    Id add(Index& index, const Digest& digest);
    std::uint16_t platform_number(const std::string& platform);
    void judge(Walk& walk, const Edge& edge, const Digest& parent, int depth) const;
    [[nodiscard]] std::optional<Verdict> judged(const Edge& edge, int depth) const;
    [[nodiscard]] Finding finding(const Walk& walk, const Edge& edge, const Digest& parent,
                                  const Verdict& verdict) const;

    [[nodiscard]] Finding unreached(Kind kind, const std::string& tag,
                                    const Verdict& verdict) const;

    std::string repository_;
    int size_status_;
    std::vector<Object> objects_;
    Index manifests_, blobs_;
    std::vector<std::string> platforms_{""};  ///< by their number in an Edge
    std::map<std::string, std::optional<Id>> tags_;
    std::map<std::string, Verdict> broken_tags_;
    std::optional<Verdict> broken_repository_;
    std::vector<Id> untagged_roots_;
    std::unordered_map<Id, Verdict> broken_;
    std::unordered_multimap<Id, Verdict> warned_;
};

}  // namespace gds::registry
