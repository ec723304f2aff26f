#include "gds/registry/manifest.h"

#include "scan_object.h"
#include "support.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace gds::registry {
namespace {

using test::descriptor;
using test::digest_of;
using test::parsed;

const std::string kOciIndex = "application/vnd.oci.image.index.v1+json";
const std::string kOciManifest = "application/vnd.oci.image.manifest.v1+json";
const std::string kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

TEST(Manifest, OfAnImageHasConfigAndLayers) {
    const Manifest image =
        parsed(test::image_text(digest_of("c"), {digest_of("a"), digest_of("b")}));
    EXPECT_EQ(ManifestKind::image, image.kind);
    EXPECT_EQ(kOciManifest, image.media_type);
    ASSERT_TRUE(image.config.has_value());
    EXPECT_EQ(digest_of("c"), image.config->digest);
    ASSERT_EQ(2U, image.layers.size());
    EXPECT_EQ(digest_of("b"), image.layers[1].digest);
    EXPECT_EQ(1, image.layers[1].size);
    EXPECT_TRUE(image.children.empty());
}

TEST(Manifest, WithManifestsIsAnIndexWhateverItSays) {
    for (const std::string& type : {kOciIndex, kDockerList, kOciManifest, std::string("text/x")}) {
        const Manifest index = parsed(fmt::format(
            R"({{"mediaType":"{}","manifests":[{}]}})", type,
            descriptor(digest_of("a"), 5, kOciManifest,
                       R"("platform":{"os":"linux","architecture":"arm64","variant":"v8"})")));
        EXPECT_EQ(ManifestKind::index, index.kind);
        ASSERT_EQ(1U, index.children.size());
        EXPECT_EQ("linux/arm64/v8", index.children[0].platform);
    }
}

TEST(Manifest, TakesItsTypeFromTheHeaderWhereItHasNone) {
    const auto image =
        parse_manifest(R"({"layers":[],"config":)" + descriptor(digest_of("c"), 1) + "}",
                       kOciManifest + "; charset=utf-8");
    ASSERT_TRUE(image.has_value());
    EXPECT_EQ(kOciManifest, image->media_type);
}

TEST(Manifest, MayHaveNullForAnEmptyList) {
    const Manifest index = parsed(R"({"mediaType":")" + kOciIndex + R"(","manifests":null})");
    EXPECT_EQ(ManifestKind::index, index.kind);
    EXPECT_TRUE(index.children.empty());
    EXPECT_FALSE(
        parse_manifest(R"({"mediaType":")" + kOciManifest + R"(","manifests":null})").has_value());
    const Manifest image =
        parsed(R"({"layers":null,"config":)" + descriptor(digest_of("c"), 1) + "}");
    EXPECT_TRUE(image.layers.empty());
}

TEST(Manifest, OfABuildCacheListsBlobs) {
    const Manifest index = parsed(fmt::format(
        R"({{"manifests":[{},{}]}})",
        descriptor(digest_of("layer"), 1, "application/vnd.oci.image.layer.v1.tar+gzip"),
        descriptor(digest_of("config"), 1, "application/vnd.buildkit.cacheconfig.v0")));
    EXPECT_TRUE(index.children.empty());
    EXPECT_EQ(2U, index.layers.size());
}

TEST(Manifest, KnowsAttestations) {
    const Manifest index = parsed(fmt::format(
        R"({{"manifests":[{}]}})",
        descriptor(digest_of("a"), 1, kOciManifest,
                   R"("annotations":{"vnd.docker.reference.type":"attestation-manifest"})")));
    EXPECT_TRUE(index.children[0].attestation);
}

TEST(Manifest, KnowsWhatLiesElsewhere) {
    const Manifest image = parsed(fmt::format(
        R"({{"config":{},"layers":[{},{},{},{},{}]}})", descriptor(digest_of("c"), 1),
        descriptor(digest_of("1"), 1, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
        descriptor(digest_of("2"), 1,
                   "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
        descriptor(digest_of("3"), 1, "x/y", R"("urls":["https://layers.example/3"])"),
        descriptor(digest_of("4"), 1, "x/y", R"("urls":[])"), descriptor(digest_of("5"), 1)));
    std::vector<bool> elsewhere;
    for (const Descriptor& layer : image.layers) {
        elsewhere.push_back(layer.elsewhere);
    }
    EXPECT_EQ((std::vector<bool>{true, true, true, false, false}), elsewhere);
}

TEST(Manifest, OfSchema1HasLayersOfNoSize) {
    const Manifest old = parsed(fmt::format(
        R"({{"schemaVersion":1,"fsLayers":[{{"blobSum":"{}"}}]}})", digest_of("a").text()));
    EXPECT_EQ(ManifestKind::schema1, old.kind);
    ASSERT_EQ(1U, old.layers.size());
    EXPECT_EQ(-1, old.layers[0].size);
}

TEST(Manifest, OfAnArtifactMayHaveBlobsAlone) {
    const Manifest artifact = parsed(R"({"blobs":[)" + descriptor(digest_of("a"), 3) + "]}");
    EXPECT_EQ(1U, artifact.layers.size());
    EXPECT_FALSE(artifact.config.has_value());
}

TEST(Manifest, IsNothingElse) {
    const std::string good = descriptor(digest_of("a"), 1);
    for (const std::string& text : std::vector<std::string>{
             "",
             "null",
             "[]",
             "{}",
             "{",
             "\"text\"",
             "<html>",
             R"({"layers":[]})",
             R"({"manifests":{}})",
             R"({"manifests":[1]})",
             R"({"manifests":[{}]})",
             R"({"config":1,"layers":[]})",
             R"({"config":{"digest":"x","size":1}})",
             R"({"config":{"digest":")" + digest_of("a").text() + R"("}})",
             R"({"config":{"size":1.5,"digest":")" + digest_of("a").text() + R"("}})",
             R"({"config":{"size":-1,"digest":")" + digest_of("a").text() + R"("}})",
             R"({"config":)" + good + R"(,"layers":[null]})",
             R"({"fsLayers":[{}]})",
             R"({"fsLayers":["x"]})",
             "{\"config\":" + good + "}}",
             std::string(100'000, '['),
             std::string("{\"config\":\xff}")}) {
        const auto manifest = parse_manifest(text, "text/html\x1b");
        ASSERT_FALSE(manifest.has_value()) << text.substr(0, 100);
        EXPECT_EQ(Code::bad_response, manifest.error().code);
        EXPECT_EQ(std::string::npos, manifest.error().message.find('\x1b'));
    }
}

TEST(Platform, NamesAVariantOrAllOfThem) {
    Descriptor child;
    child.platform = "linux/arm64/v8";
    EXPECT_TRUE(is_platform(child, "linux/arm64/v8"));
    EXPECT_TRUE(is_platform(child, "linux/arm64"));
    for (const char* other :
         {"linux/arm", "linux/arm64/v7", "linux", "", "linux/arm64/v", "arm64"}) {
        EXPECT_FALSE(is_platform(child, other)) << other;
    }
}

/// What distribution's own decoder makes of it, found by asking it.
TEST(WhyNotServed, FollowsTheRegistrysDecoder) {
    for (const std::string& text : std::vector<std::string>{
             R"({"schemaVersion":2})", R"({"schemaVersion":1})",
             R"({"schemaVersion":2,"mediaType":"","layers":null})",
             R"({"schemaVersion":2,"mediaType":null})", " \n{\"schemaVersion\":2}\n",
             "{\"schemaVersion\":2,\"x\":\"\xff\"}"}) {
        EXPECT_EQ("", why_not_served(text)) << text;
    }
    for (const std::string& text : std::vector<std::string>{
             "", "{", "[]", "null", "{}", R"({"schemaVersion":"2"})", R"({"schemaVersion":2.0})",
             R"({"schemaVersion":3})", R"({"schemaVersion":2,"mediaType":"x/y"})",
             R"({"schemaVersion":2,"mediaType":2})", R"({"schemaVersion":2,"layers":{}})",
             R"({"schemaVersion":2,"layers":[{"size":"1"}]})", R"({"schemaVersion":2}x)",
             "\xef\xbb\xbf{\"schemaVersion\":2}",
             R"({"schemaVersion":2})" + std::string(4U << 20U, ' ')}) {
        EXPECT_NE("", why_not_served(text)) << text.substr(0, 100);
    }
}

}  // namespace
}  // namespace gds::registry
