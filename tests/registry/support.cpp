#include "support.h"

#include "gds/base/text.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <fstream>

namespace gds::registry::test {

TempDir::TempDir()
    : root_(std::filesystem::temp_directory_path() / ("gds-registry-" + random_hex(8))) {
    std::filesystem::create_directory(root_);
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::string TempDir::path(std::string_view name) const {
    return name.empty() ? root_.string() : (root_ / name).string();
}

void TempDir::write(std::string_view name, std::string_view content) const {
    const std::filesystem::path file = root_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

Digest digest_of(std::string_view name) {
    return Digest::of(name);
}

std::string descriptor(const Digest& digest, std::int64_t size, std::string_view media_type,
                       std::string_view more) {
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}{}}})", media_type,
                       digest.text(), size, more.empty() ? "" : ",", more);
}

std::string image_text(const Digest& config, const std::vector<Digest>& layers) {
    std::string list;
    for (const Digest& layer : layers) {
        list += (list.empty() ? "" : ",") + descriptor(layer, 1);
    }
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
        R"("config":{},"layers":[{}]}})",
        descriptor(config, 1), list);
}

std::string index_text(const std::vector<Child>& children) {
    std::string list;
    for (const Child& child : children) {
        list += (list.empty() ? "" : ",") +
                descriptor(child.digest, child.size, "application/vnd.oci.image.manifest.v1+json");
    }
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
        R"("manifests":[{}]}})",
        list);
}

Manifest parsed(std::string_view text) {
    auto manifest = parse_manifest(text);
    EXPECT_TRUE(manifest.has_value()) << text;
    return manifest ? *std::move(manifest) : Manifest();
}

}  // namespace gds::registry::test
