#pragma once

#include "blob_sizes.h"
#include "gds/registry/finding.h"
#include "gds/registry/manifest.h"
#include "storage.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gds::registry {

/// What the registry would make of one manifest, asked for by digest in one repository.
struct ManifestLook {
    std::optional<Defect> defect;  ///< none where it is sound
    std::string detail = {};
    /// GET answers 200, be it with the wrong bytes.
    bool served = false;
    /// It makes a garbage collection end with an error before anything is reclaimed.
    bool blocks_collection = false;
    /// There is a revision's link, be it damaged. Without one a layer's link is served as well, but
    /// no collection marks what the manifest refers to.
    bool revision_link = false;
    // Where it is sound:
    std::int64_t size = -1;
    Manifest content = {};
};

/// What the registry would make of one blob in one repository.
struct BlobLook {
    std::optional<Defect> defect;
    std::string detail = {};
    Remedy remedy = Remedy::none;
    std::int64_t size = -1;  ///< of the data that would be served
};

/// Follow the links as distribution does: the revision's, and where there is none, the layer's.
/// Error: io and the like, where the disk did not say.
Result<ManifestLook> look_at_manifest(const Storage& storage, const std::string& repository,
                                      const Digest& digest);

/// The same of a blob, which only a layer's link leads to.
Result<BlobLook> look_at_blob(const Storage& storage, BlobSizes& sizes,
                              const std::string& repository, const Digest& digest);

/// What is wrong with a damaged link, in words.
std::string why_no_digest(const Link& link);

/// Why distribution answers 500 for a manifest of these bytes; "" where it would serve them.
std::string why_not_served(std::string_view body);

}  // namespace gds::registry
