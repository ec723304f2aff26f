#pragma once

#include "gds/registry/graph.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gds::registry {

/// A manifest to put.
struct ManifestBytes {
    std::string media_type;
    std::string content;
};

/// Where a blob can be had from.
struct BlobPlace {
    enum class Where : std::uint8_t { nowhere, here, sibling, disk };
    Where where = Where::nowhere;
    std::string sibling = {};  ///< a repository that serves it
};

/// What was found out about one repository before anything is planned for it.
struct RepositoryFacts {
    Graph graph;                  ///< as it is served now
    std::vector<Finding> broken;  ///< reported, and still so
    /// Of those, what a scan saw on the registry's disk, which is not at hand now: to be healed
    /// there, not to be given up.
    std::vector<Finding> on_disk = {};
    /// Manifests of untagged indexes, where the disk tells of them: somebody may pull those by
    /// digest.
    std::set<Digest> used_untagged = {};
    std::set<Digest> blockers = {};                  ///< manifests at which collections end
    std::set<Digest> at_risk = {};                   ///< served, but linked as layers only
    std::map<Digest, ManifestBytes> manifests = {};  ///< of broken manifests, where they were found
    std::map<std::string, ManifestBytes> tags = {};  ///< of broken tags, likewise
    std::set<Digest> served = {};  ///< manifests that one of those refers to and that are whole
    std::map<Digest, BlobPlace> blobs = {};
};

enum class Action : std::uint8_t { mount, upload, put, tag, remove_tag, remove };

/// One thing to do in one repository.
struct Step {
    Action action = Action::put;
    std::string repository;
    std::string tag = {};  ///< of tag and remove_tag
    Digest digest = {};
    std::string from = {};     ///< of mount
    ManifestBytes bytes = {};  ///< of put and tag
    std::string why = {};

    [[nodiscard]] bool deletes() const {
        return action == Action::remove || action == Action::remove_tag;
    }
};

struct Plan {
    std::vector<Step> steps;           ///< in their order
    std::vector<std::string> rebuild;  ///< "repository:tag", what only a new build brings back
    std::vector<std::string> notes;    ///< what has to be done by other means

    [[nodiscard]] std::int64_t deletes() const;
};

/// What of an untagged image a probe can ask for: the manifest that is broken, or its parent.
inline const Digest& untagged_root(const Finding& finding) {
    return finding.parent.empty() ? finding.digest : finding.parent;
}

/// Heal what can be healed; of the rest, remove each tag's manifest and what nothing else in the
/// repository uses. Nothing that a sound tag leads to is ever removed.
Plan plan_repository(const RepositoryFacts& facts);

/// "delete  team/app sha256:0123456789ab (1.0, latest: ...)", for people.
std::string describe(const Step& step);

}  // namespace gds::registry
