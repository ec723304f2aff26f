#include "scan_object.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

/// Go refuses a value of another type than its field has; null leaves the field as it was.
bool has_type(const Json& object, const char* name, bool (*is_type)(const Json&)) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() || is_type(*found);
}

bool is_text(const Json& value) {
    return value.is_string();
}
bool is_whole(const Json& value) {
    return value.is_number_integer();
}

bool is_descriptor(const Json& value) {
    return value.is_null() ||
           (value.is_object() && has_type(value, "mediaType", is_text) &&
            has_type(value, "digest", is_text) && has_type(value, "size", is_whole));
}

bool is_list(const Json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(), is_descriptor);
}

std::string why_not_decoded(const Json& json) {
    if (!has_type(json, "config", is_descriptor) || !has_type(json, "layers", is_list) ||
        !has_type(json, "manifests", is_list)) {
        return "a field of it has a type that no manifest has";
    }
    return {};
}

std::string why_not_version2(const Json& json) {
    if (!has_type(json, "mediaType", is_text)) {
        return "its mediaType is no text";
    }
    const auto type = json.find("mediaType");
    const std::string name = type == json.end() || type->is_null() ? "" : type->get<std::string>();
    if (!name.empty() &&
        std::find(kManifestTypes.begin(), kManifestTypes.end(), name) == kManifestTypes.end()) {
        return fmt::format("the registry does not know its mediaType \"{}\"", name);
    }
    return why_not_decoded(json);
}

/// Go reads bytes that are no UTF-8 as U+FFFD; here any character will do in their place.
std::string with_utf8(std::string_view body) {
    std::string text(body);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(std::string_view(text).substr(at));
        text[at] = length == 0 ? '?' : text[at];
        at += std::max<std::size_t>(length, 1);
    }
    return text;
}

/// What a revision's or layer's link leads to.
struct Resolution {
    Link link;
    bool by_layer_link = false;
};

Result<Resolution> resolve(const Storage& storage, const std::string& repository,
                           const Digest& digest) {
    Link link = GDS_TRY(storage.link(Storage::revision_path(repository, digest)));
    if (!link.absent()) {
        return Resolution{std::move(link), false};
    }
    return Resolution{GDS_TRY(storage.link(Storage::layer_path(repository, digest))), true};
}

std::string leads_elsewhere(const Link& link) {
    return fmt::format("its link leads to {}", link.target.shortened());
}

void set(ManifestLook& look, Defect defect, std::string detail) {
    look.defect = defect;
    look.detail = std::move(detail);
}

/// Judge the bytes that the registry would serve for `digest`.
void judge_body(ManifestLook& look, const Digest& digest, const Link& link,
                const std::string& body) {
    const std::string why = why_not_served(body);
    if (!why.empty()) {
        look.blocks_collection = look.revision_link;
        return set(look, Defect::unreadable, why);
    }
    look.served = true;
    if (!digest.matches(body)) {
        return set(look, Defect::digest,
                   link.target == digest ? "its bytes are not those that its digest promises"
                                         : leads_elsewhere(link));
    }
    auto content = parse_manifest(body);
    if (!content) {
        return set(look, Defect::unreadable, content.error().message);
    }
    look.size = static_cast<std::int64_t>(body.size());
    look.content = *std::move(content);
}

/// Why there are no bytes, of what is linked.
constexpr const char* kGone = "it is linked, but its bytes are gone";
constexpr const char* kObstructed = "something that is no directory lies in the way to its bytes";

}  // namespace

std::string why_no_digest(const Link& link) {
    return link.bytes < 0
               ? "something that is no file lies where its link should be"
               : fmt::format("its link file ({} bytes) does not hold a digest", link.bytes);
}

std::string why_not_served(std::string_view body) {
    if (static_cast<std::int64_t>(body.size()) > kLargestManifest) {
        return "it is larger than 4 MiB, which no registry serves";
    }
    if (body.empty()) {
        return "its file is empty";
    }
    const Json json = Json::parse(with_utf8(body), nullptr, false);
    // A byte order mark is none of JSON, though some parsers skip it.
    if (!json.is_object() || body.front() == '\xef') {
        return "it is cut off, or no JSON object";
    }
    const auto version = json.find("schemaVersion");
    if (version == json.end() || !version->is_number_integer()) {
        return "it has no schemaVersion";
    }
    switch (version->get<std::int64_t>()) {
        case 1: return {};
        case 2: return why_not_version2(json);
        default: return "the registry does not know its schemaVersion";
    }
}

Result<ManifestLook> look_at_manifest(const Storage& storage, const std::string& repository,
                                      const Digest& digest) {
    const Resolution found = GDS_TRY(resolve(storage, repository, digest));
    ManifestLook look;
    look.revision_link = !found.by_layer_link;
    if (found.link.absent()) {
        const auto size = GDS_TRY(storage.blob_size(digest));
        set(look, size ? Defect::unlinked : Defect::missing,
            size ? "its bytes are on disk, but this repository does not link them"
                 : "neither a link in this repository nor its bytes are there");
        return look;
    }
    if (found.link.damaged()) {
        // What is no file is passed over.
        look.blocks_collection = look.revision_link && found.link.bytes >= 0;
        set(look, Defect::unreadable, why_no_digest(found.link));
        return look;
    }
    const auto body = GDS_TRY(storage.blob(found.link.target, kLargestManifest));
    if (!body && storage.is_obstructed(Storage::blob_directory(found.link.target))) {
        look.blocks_collection = look.revision_link;
        set(look, Defect::unreadable, kObstructed);
        return look;
    }
    if (!body) {
        set(look, Defect::missing, kGone);
        return look;
    }
    judge_body(look, digest, found.link, *body);
    return look;
}

Result<BlobLook> look_at_blob(const Storage& storage, BlobSizes& sizes,
                              const std::string& repository, const Digest& digest) {
    const Link link = GDS_TRY(storage.link(Storage::layer_path(repository, digest)));
    const Digest& target = link.valid() ? link.target : digest;
    const auto size = GDS_TRY(sizes.of(target));
    if (!size && storage.is_obstructed(Storage::blob_directory(target))) {
        return BlobLook{Defect::unreadable, kObstructed, Remedy::rebuild};
    }
    if (!size) {
        return BlobLook{
            Defect::missing,
            link.absent() ? "neither a link in this repository nor its bytes are there" : kGone,
            Remedy::rebuild};
    }
    if (link.absent()) {
        return BlobLook{Defect::unlinked,
                        "its bytes are on disk, but this repository does not link them",
                        Remedy::mount};
    }
    if (link.damaged()) {
        return BlobLook{Defect::unreadable, why_no_digest(link), Remedy::mount};
    }
    if (link.target != digest) {
        return BlobLook{Defect::digest, leads_elsewhere(link), Remedy::mount};
    }
    return BlobLook{std::nullopt, {}, Remedy::none, *size};
}

}  // namespace gds::registry
