#pragma once

#include "gds/registry/digest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::registry {

/// What cannot be served.
enum class Kind : std::uint8_t { repository, tag, manifest, child, config, layer };

/// How. From gc_risk on, and cache where a registry still serves what it lost, they are warnings.
enum class Defect : std::uint8_t {
    missing,     ///< not there: 404
    unlinked,    ///< there, but this repository does not link it
    unreadable,  ///< there, but damaged: 500, or an answer that makes no sense
    size,        ///< of another size than its descriptor says
    digest,      ///< of another content than its digest says
    cache,       ///< gone, while the registry's cache goes on answering for it
    unlisted,    ///< a repository that the catalog leaves out
    gc_risk,     ///< served today, lost by the next garbage collection
    gc_blocker,  ///< makes every garbage collection fail
    shrunk,      ///< the registry lists much less than before
    schema1,     ///< an image of the old format, which clients no longer pull
};

/// What would mend it.
enum class Remedy : std::uint8_t {
    none,
    relink,   ///< PUT the manifest's bytes again
    mount,    ///< mount the blob from another repository, or upload it again
    rebuild,  ///< build and push the image again
    restart,  ///< restart the registry, so that its cache forgets
    retag,    ///< PUT the tag's manifest again
    remove,   ///< delete it
};

std::string_view kind_label(Kind kind);
std::string_view defect_label(Defect defect);
/// "" for none.
std::string_view remedy_label(Remedy remedy);
std::optional<Kind> kind_from(std::string_view label);
std::optional<Defect> defect_from(std::string_view label);
std::optional<Remedy> remedy_from(std::string_view label);

/// One reference that is broken, or that deserves a warning. One object that is broken under three
/// tags is three findings.
struct Finding {
    std::string repository;
    std::string tag;  ///< "" where it is reached from no tag
    Digest root;      ///< the manifest that the tag leads to; empty where it leads nowhere
    Digest parent;    ///< the manifest that refers to it; empty for a tag's own
    Digest digest;    ///< empty where the tag itself is broken
    Kind kind = Kind::manifest;
    Defect defect = Defect::missing;
    int status = 0;  ///< of HTTP; 0 where none was asked
    std::string detail;
    Remedy remedy = Remedy::none;
    std::vector<std::string> in_use;  ///< workloads, as "CronJob backup/nightly"
    // Of a manifest that can be relinked, by a scan: what to PUT.
    std::string media_type;
    std::string content;
};

/// "team/app:1.0 child sha256:0123456789ab: missing (404): why", for people.
std::string describe(const Finding& finding);

/// Whether a garbage collection would turn this broken reference into a lost image: today a PUT of
/// bytes that are on disk would still mend it.
bool is_relinkable(const Finding& finding);

/// What tells two findings apart: repository, tag, parent, digest and kind.
bool same_reference(const Finding& a, const Finding& b);

}  // namespace gds::registry
