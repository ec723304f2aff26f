#pragma once

#include "scan_object.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gds::registry {

/// A manifest that a PUT would bring back, whole: its bytes and everything below it are on disk.
struct Relinkable {
    std::string media_type;
    std::string content;
    /// Manifests below it that have to be put first.
    struct Nested {
        Digest parent, digest;
        ManifestLook look;
        std::string media_type;
        std::string content;
    };
    std::vector<Nested> nested;
};

/// nullopt where something of it is lost. `is_damaged` says which digests a deep scan found to have
/// other bytes.
Result<std::optional<Relinkable>> find_relinkable(
    const Storage& storage, BlobSizes& sizes, const std::string& repository, const Digest& digest,
    const std::function<bool(const Digest&)>& is_damaged);

}  // namespace gds::registry
