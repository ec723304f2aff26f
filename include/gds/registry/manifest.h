#pragma once

#include "gds/base/result.h"
#include "gds/registry/digest.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::registry {

/// A registry takes and gives no larger manifest.
inline constexpr std::int64_t kLargestManifest = 4LL << 20;
/// How many indexes may lie within each other before the walk stops.
inline constexpr int kDeepestIndex = 8;

/// The types of manifests that are current, to be accepted in every request for one: a registry
/// answers 404 for what it holds in a type that is not accepted.
inline constexpr std::array<std::string_view, 4> kManifestTypes = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
};

/// What one manifest says of another object.
struct Descriptor {
    Digest digest;
    std::int64_t size = -1;  ///< -1 where it is not told (schema 1)
    std::string media_type;
    std::string platform;      ///< "linux/arm64/v8" of an index's child; empty where not told
    bool attestation = false;  ///< BuildKit's, about another child
    /// A foreign or non-distributable layer: its bytes lie elsewhere, the registry need not have
    /// them.
    bool elsewhere = false;
};

enum class ManifestKind : std::uint8_t { image, index, schema1 };

/// Any kind of manifest, as what it refers to.
struct Manifest {
    ManifestKind kind = ManifestKind::image;
    std::string media_type;            ///< its own field, else the Content-Type it came with
    std::vector<Descriptor> children;  ///< manifests of an index
    std::optional<Descriptor> config;
    std::vector<Descriptor>
        layers;  ///< all other blobs, those that a build cache's index lists too
};

/// One image index or manifest: OCI, Docker schema 2, lists, with or without mediaType, artifacts,
/// schema 1. What has `manifests` is an index, whatever type it claims. Error: bad_response for
/// anything else, in words for a report.
Result<Manifest> parse_manifest(std::string_view body, std::string_view content_type = {});

/// Whether "linux/arm64" or "linux/arm64/v8" names the platform of this child.
bool is_platform(const Descriptor& child, std::string_view wanted);

}  // namespace gds::registry
