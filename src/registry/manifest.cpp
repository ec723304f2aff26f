#include "gds/registry/manifest.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

Error unreadable(std::string what) {
    return error(Code::bad_response, std::move(what));
}

/// The member, or nullptr where it is not there or of another type.
const Json* member(const Json& object, const char* name, Json::value_t type) {
    const auto found = object.find(name);
    return found != object.end() && found->type() == type ? &*found : nullptr;
}

std::string text_of(const Json& object, const char* name) {
    const Json* text = member(object, name, Json::value_t::string);
    return text == nullptr ? std::string() : text->get<std::string>();
}

std::string platform_of(const Json& descriptor) {
    const Json* platform = member(descriptor, "platform", Json::value_t::object);
    if (platform == nullptr) {
        return {};
    }
    const std::string variant = text_of(*platform, "variant");
    return fmt::format("{}/{}{}{}", text_of(*platform, "os"), text_of(*platform, "architecture"),
                       variant.empty() ? "" : "/", variant);
}

bool is_attestation(const Json& descriptor) {
    const Json* annotations = member(descriptor, "annotations", Json::value_t::object);
    return annotations != nullptr &&
           text_of(*annotations, "vnd.docker.reference.type") == "attestation-manifest";
}

bool is_elsewhere(const Json& descriptor, std::string_view media_type) {
    const Json* urls = member(descriptor, "urls", Json::value_t::array);
    return (urls != nullptr && !urls->empty()) ||
           media_type.find("foreign") != std::string_view::npos ||
           media_type.find("nondistributable") != std::string_view::npos;
}

Result<Descriptor> parse_descriptor(const Json& json) {
    if (!json.is_object()) {
        return unreadable("a descriptor that is no object");
    }
    Descriptor descriptor;
    descriptor.digest = GDS_TRY(Digest::parse(text_of(json, "digest")));
    const auto size = json.find("size");
    if (size == json.end() || !size->is_number_integer() || size->get<std::int64_t>() < 0) {
        return unreadable(
            fmt::format("the descriptor of {} has no size", descriptor.digest.shortened()));
    }
    descriptor.size = size->get<std::int64_t>();
    descriptor.media_type = text_of(json, "mediaType");
    descriptor.platform = platform_of(json);
    descriptor.attestation = is_attestation(json);
    descriptor.elsewhere = is_elsewhere(json, descriptor.media_type);
    return descriptor;
}

Status add_descriptors(std::vector<Descriptor>& to, const Json& array) {
    to.reserve(to.size() + array.size());
    for (const Json& each : array) {
        to.push_back(GDS_TRY(parse_descriptor(each)));
    }
    return {};
}

/// An index may list blobs too: BuildKit keeps the layers of a build cache that way.
bool may_be_manifest(const Descriptor& child) {
    const std::string& type = child.media_type;
    return type.empty() || type.find("manifest") != std::string::npos ||
           type.find("index") != std::string::npos;
}

Status read_index(Manifest& manifest, const Json& children) {
    manifest.kind = ManifestKind::index;
    std::vector<Descriptor> listed;
    GDS_CHECK(add_descriptors(listed, children));
    for (Descriptor& child : listed) {
        auto& kind = may_be_manifest(child) ? manifest.children : manifest.layers;
        kind.push_back(std::move(child));
    }
    return {};
}

Status read_schema1(Manifest& manifest, const Json& layers) {
    manifest.kind = ManifestKind::schema1;
    for (const Json& each : layers) {
        if (!each.is_object()) {
            return unreadable("a layer that is no object");
        }
        Descriptor layer;
        layer.digest = GDS_TRY(Digest::parse(text_of(each, "blobSum")));
        manifest.layers.push_back(std::move(layer));
    }
    return {};
}

bool is_index(const Manifest& manifest) {
    return manifest.media_type.find("index") != std::string::npos ||
           manifest.media_type.find("manifest.list") != std::string::npos;
}

Status read_members(Manifest& manifest, const Json& json) {
    const auto array = [&](const char* name) { return member(json, name, Json::value_t::array); };
    if (const Json* children = array("manifests")) {
        return read_index(manifest, *children);
    }
    if (member(json, "manifests", Json::value_t::null) != nullptr && is_index(manifest)) {
        return read_index(manifest, Json::array());  // as Go writes an empty list
    }
    if (const Json* layers = array("fsLayers")) {
        return read_schema1(manifest, *layers);
    }
    const Json* config = member(json, "config", Json::value_t::object);
    const Json* layers = array("layers");
    const Json* blobs = array("blobs");  // of the artifact manifest that OCI 1.1 dropped
    if (config == nullptr && blobs == nullptr) {
        return unreadable("JSON that is no manifest");
    }
    if (config != nullptr) {
        manifest.config = GDS_TRY(parse_descriptor(*config));
    }
    for (const Json* list : {layers, blobs}) {
        if (list != nullptr) {
            GDS_CHECK(add_descriptors(manifest.layers, *list));
        }
    }
    return {};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view body, std::string_view content_type) {
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object()) {
        return unreadable(fmt::format(
            "{} that is no JSON object{}", plural(static_cast<std::int64_t>(body.size()), "byte"),
            content_type.empty() ? "" : fmt::format(" ({})", printable(content_type))));
    }
    Manifest manifest;
    manifest.media_type = text_of(json, "mediaType");
    if (manifest.media_type.empty()) {
        manifest.media_type = content_type.substr(0, content_type.find(';'));
    }
    GDS_CHECK(read_members(manifest, json));
    return manifest;
}

bool is_platform(const Descriptor& child, std::string_view wanted) {
    return child.platform == wanted ||
           (child.platform.starts_with(wanted) && child.platform[wanted.size()] == '/' &&
            wanted.find('/') != std::string_view::npos);
}

}  // namespace gds::registry
