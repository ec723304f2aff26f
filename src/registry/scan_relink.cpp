#include "scan_relink.h"

#include <set>

namespace gds::registry {

namespace {

/// What a PUT has to name as Content-Type where the manifest does not.
std::string type_of(const Manifest& manifest) {
    if (!manifest.media_type.empty()) {
        return manifest.media_type;
    }
    switch (manifest.kind) {
        case ManifestKind::index: return "application/vnd.oci.image.index.v1+json";
        case ManifestKind::image: return "application/vnd.oci.image.manifest.v1+json";
        case ManifestKind::schema1: break;
    }
    return "application/vnd.docker.distribution.manifest.v1+prettyjws";
}

/// One descent below a manifest that is to be relinked.
class Descent {
public:
    Descent(const Storage& storage, BlobSizes& sizes, const std::string& repository,
            const std::function<bool(const Digest&)>& is_damaged)
        : storage_(storage), sizes_(sizes), repository_(repository), is_damaged_(is_damaged) {}

    /// Whether it and all below it is on disk; its bytes are left in `body`, its type in `type`.
    Result<bool> descend(const Digest& digest, int depth, std::string& body, std::string& type) {
        auto bytes = GDS_TRY(storage_.blob(digest, kLargestManifest));
        if (!bytes || !why_not_served(*bytes).empty() || !digest.matches(*bytes)) {
            return false;
        }
        const auto manifest = parse_manifest(*bytes);
        if (!manifest || depth > kDeepestIndex) {
            return false;
        }
        body = *std::move(bytes);
        type = type_of(*manifest);
        if (!GDS_TRY(has_blobs(*manifest))) {
            return false;
        }
        for (const Descriptor& child : manifest->children) {
            if (!GDS_TRY(has_child(digest, child.digest, depth + 1))) {
                return false;
            }
        }
        return true;
    }

    std::vector<Relinkable::Nested> take_nested() { return std::move(nested_); }

private:
    Result<bool> has_blob(const Descriptor& blob) {
        if (blob.elsewhere) {
            return true;
        }
        const auto size = GDS_TRY(sizes_.of(blob.digest));
        return size && (blob.size < 0 || *size == blob.size) && !is_damaged_(blob.digest);
    }

    Result<bool> has_blobs(const Manifest& manifest) {
        if (manifest.config && !GDS_TRY(has_blob(*manifest.config))) {
            return false;
        }
        for (const Descriptor& layer : manifest.layers) {
            if (!GDS_TRY(has_blob(layer))) {
                return false;
            }
        }
        return true;
    }

    Result<bool> has_child(const Digest& parent, const Digest& digest, int depth) {
        if (whole_.count(digest) > 0) {
            return true;
        }
        std::string body;
        std::string type;
        if (!GDS_TRY(descend(digest, depth, body, type))) {
            return false;
        }
        auto look = GDS_TRY(look_at_manifest(storage_, repository_, digest));
        if (look.defect) {
            nested_.push_back({parent, digest, std::move(look), std::move(type), std::move(body)});
        }
        whole_.insert(digest);
        return true;
    }

    const Storage& storage_;
    BlobSizes& sizes_;
    const std::string& repository_;
    const std::function<bool(const Digest&)>& is_damaged_;
    std::vector<Relinkable::Nested> nested_;
    std::set<Digest> whole_;  ///< children that were found so
};

}  // namespace

Result<std::optional<Relinkable>> find_relinkable(
    const Storage& storage, BlobSizes& sizes, const std::string& repository, const Digest& digest,
    const std::function<bool(const Digest&)>& is_damaged) {
    Descent descent(storage, sizes, repository, is_damaged);
    Relinkable found;
    if (!GDS_TRY(descent.descend(digest, 0, found.content, found.media_type))) {
        return std::optional<Relinkable>();
    }
    found.nested = descent.take_nested();
    return std::optional<Relinkable>(std::move(found));
}

}  // namespace gds::registry
