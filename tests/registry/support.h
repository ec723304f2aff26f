#pragma once

#include "gds/registry/digest.h"
#include "gds/registry/manifest.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gds::registry::test {

/// A directory of this test's own.
class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::string path(std::string_view name = {}) const;
    /// Writes a file, with the directories above it.
    void write(std::string_view name, std::string_view content) const;

private:
    std::filesystem::path root_;
};

/// The digest of a name, to have many that are told apart.
Digest digest_of(std::string_view name);

/// Descriptors as JSON.
std::string descriptor(const Digest& digest, std::int64_t size,
                       std::string_view media_type = "application/octet-stream",
                       std::string_view more = {});

/// Manifests as text: an image of these blobs of size 1, an index of these children.
std::string image_text(const Digest& config, const std::vector<Digest>& layers);
struct Child {
    Digest digest;
    std::int64_t size = 0;
};
std::string index_text(const std::vector<Child>& children);

/// The same as they are parsed.
Manifest parsed(std::string_view text);

}  // namespace gds::registry::test
