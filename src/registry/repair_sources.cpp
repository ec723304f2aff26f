#include "repair_sources.h"

#include "scan_object.h"
#include "scan_relink.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::registry {

namespace {

/// So many other repositories are asked for one object.
constexpr std::size_t kMostSiblings = 256;

bool says_no(const Error& failure) {
    // 400 and 500 are what a registry says of links and bytes that are damaged.
    return failure.code == Code::not_found || failure.http_status == 500 ||
           failure.http_status == 400 || failure.code == Code::bad_response ||
           failure.code == Code::mismatch;
}

std::size_t common_beginning(const std::string& a, const std::string& b) {
    return static_cast<std::size_t>(
        std::mismatch(a.begin(),
                      a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
                      b.begin())
            .first -
        a.begin());
}

/// The size that the manifest which lacks the blob says it has; -1 where it does not.
std::int64_t expected_size(const Graph& graph, const Finding& finding) {
    const auto parent = graph.find_manifest(finding.parent);
    if (!parent) {
        return -1;
    }
    const auto& references = graph.references(*parent);
    const auto edge =
        std::find_if(references.begin(), references.end(), [&](const Graph::Edge& each) {
            return each.kind == finding.kind && graph.digest_of(each.to) == finding.digest;
        });
    return edge == references.end() ? -1 : edge->size;
}

/// Pump until the callback of one question was called.
template <class Answer>
Result<Answer> wait_for(Client& client, std::optional<Result<Answer>>& answer) {
    while (!answer) {
        if (!client.engine().pump() && !answer) {
            return error(Code::internal, "a request ended without an answer");
        }
    }
    return *std::move(answer);
}

}  // namespace

Sources::Sources(Client& client, const Report& reported, const Storage* storage,
                 std::vector<std::string> repositories)
    : client_(client),
      reported_(reported),
      storage_(storage),
      repositories_(std::move(repositories)) {
    if (storage_ != nullptr) {
        sizes_.emplace(*storage_);
    }
}

Status Sources::find(RepositoryFacts& facts) {
    for (const Finding& finding : facts.broken) {
        switch (finding.kind) {
            case Kind::tag: GDS_CHECK(find_tag(facts, finding.tag)); break;
            case Kind::manifest:
            case Kind::child: GDS_CHECK(find_manifest(facts, finding.digest, 0)); break;
            case Kind::config:
            case Kind::layer:
                GDS_CHECK(find_blob(facts, finding.digest, expected_size(facts.graph, finding)));
                break;
            case Kind::repository: break;
        }
    }
    for (const Digest& digest : facts.at_risk) {
        if (auto bytes = GDS_TRY(served(facts.graph.repository(), digest.text()))) {
            facts.manifests.emplace(digest, *std::move(bytes));
        }
    }
    return find_used_untagged(facts);
}

/// The API lists no digests: only the disk tells what is there without a tag.
Status Sources::find_used_untagged(RepositoryFacts& facts) const {
    if (storage_ == nullptr || facts.broken.empty()) {
        return {};
    }
    const std::string path = Storage::revisions_path(facts.graph.repository());
    for (const Digest& revision : GDS_TRY(storage_->digests_below(path))) {
        if (facts.graph.has_manifest(revision)) {
            continue;
        }
        const auto look = GDS_TRY(look_at_manifest(*storage_, facts.graph.repository(), revision));
        for (const Descriptor& child : look.content.children) {
            facts.used_untagged.insert(child.digest);
        }
    }
    return {};
}

Status Sources::find_tag(RepositoryFacts& facts, const std::string& tag) {
    const std::string& repository = facts.graph.repository();
    for (const Finding& reported : reported_.broken) {
        if (reported.repository == repository && reported.tag == tag &&
            reported.kind == Kind::tag && !reported.content.empty()) {
            facts.tags[tag] = {reported.media_type, reported.content};
            return find_needs(facts, facts.tags[tag], 0);
        }
    }
    if (storage_ == nullptr) {
        return {};
    }
    const Link link = GDS_TRY(
        storage_->link(fmt::format("{}/{}/current/link", Storage::tags_path(repository), tag)));
    if (!link.valid()) {
        return {};
    }
    if (auto bytes = GDS_TRY(on_disk(repository, link.target))) {
        facts.tags[tag] = *std::move(bytes);
        return find_needs(facts, facts.tags[tag], 0);
    }
    return {};
}

Status Sources::find_manifest(RepositoryFacts& facts, const Digest& digest, int depth) {
    if (facts.manifests.count(digest) > 0 || depth > kDeepestIndex) {
        return {};
    }
    auto bytes = GDS_TRY(bytes_of(facts.graph.repository(), digest));
    if (!bytes) {
        return {};
    }
    const auto& kept = facts.manifests.emplace(digest, *std::move(bytes)).first->second;
    return find_needs(facts, kept, depth);
}

Status Sources::find_needs(RepositoryFacts& facts, const ManifestBytes& bytes, int depth) {
    const auto content = parse_manifest(bytes.content, bytes.media_type);
    if (!content) {
        return {};
    }
    if (content->config && !content->config->elsewhere) {
        GDS_CHECK(find_blob(facts, content->config->digest, content->config->size));
    }
    for (const Descriptor& layer : content->layers) {
        if (!layer.elsewhere) {
            GDS_CHECK(find_blob(facts, layer.digest, layer.size));
        }
    }
    for (const Descriptor& child : content->children) {
        const auto there = GDS_TRY(served(facts.graph.repository(), child.digest.text()));
        if (there && child.digest.matches(there->content)) {
            facts.served.insert(child.digest);
        } else {
            GDS_CHECK(find_manifest(facts, child.digest, depth + 1));
        }
    }
    return {};
}

Status Sources::find_blob(RepositoryFacts& facts, const Digest& digest, std::int64_t size) {
    if (facts.blobs.count(digest) == 0) {
        facts.blobs[digest] = GDS_TRY(place_of(facts.graph.repository(), digest, size));
    }
    return {};
}

Result<std::optional<ManifestBytes>> Sources::bytes_of(const std::string& repository,
                                                       const Digest& digest) {
    for (const Finding& reported : reported_.broken) {
        if (!reported.content.empty() && digest.matches(reported.content)) {
            return std::optional(ManifestBytes{reported.media_type, reported.content});
        }
    }
    if (auto bytes = GDS_TRY(on_disk(repository, digest))) {
        return bytes;
    }
    return at_sibling(repository, digest);
}

Result<std::optional<ManifestBytes>> Sources::on_disk(const std::string& repository,
                                                      const Digest& digest) {
    std::optional<ManifestBytes> bytes;
    if (storage_ != nullptr) {
        auto found = GDS_TRY(find_relinkable(*storage_, *sizes_, repository, digest,
                                             [](const Digest& /*blob*/) { return false; }));
        if (found) {
            bytes = ManifestBytes{std::move(found->media_type), std::move(found->content)};
        }
    }
    return bytes;
}

Result<std::optional<ManifestBytes>> Sources::at_sibling(const std::string& repository,
                                                         const Digest& digest) {
    for (const std::string& sibling : siblings_of(repository)) {
        auto bytes = GDS_TRY(served(sibling, digest.text()));
        if (bytes && digest.matches(bytes->content)) {
            return bytes;
        }
    }
    return std::optional<ManifestBytes>();
}

Result<BlobPlace> Sources::place_of(const std::string& repository, const Digest& digest,
                                    std::int64_t size) {
    using Where = BlobPlace::Where;
    if (GDS_TRY(serves_blob(repository, digest, size))) {
        return BlobPlace{Where::here};
    }
    if (storage_ != nullptr) {
        const auto there = GDS_TRY(sizes_->of(digest));
        if (!there || (size >= 0 && *there != size)) {
            return BlobPlace{};  // then no sibling has it either
        }
    }
    for (const std::string& sibling : siblings_of(repository)) {
        if (GDS_TRY(serves_blob(sibling, digest, size))) {
            return BlobPlace{Where::sibling, sibling};
        }
    }
    return BlobPlace{storage_ != nullptr ? Where::disk : Where::nowhere};
}

Result<bool> Sources::serves_blob(const std::string& repository, const Digest& digest,
                                  std::int64_t size) {
    std::optional<Result<BlobAnswer>> answer;
    const BlobCheck check = size == 0 ? BlobCheck::link : BlobCheck::data;
    client_.check_blob(repository, digest, size, check,
                       [&](Result<BlobAnswer> came) { answer = std::move(came); });
    const auto blob = wait_for(client_, answer);
    if (!blob) {
        return says_no(blob.error()) ? Result<bool>(false) : blob.error();
    }
    return !blob->short_body && (size < 0 || blob->size < 0 || blob->size == size);
}

Result<std::optional<ManifestBytes>> Sources::served(const std::string& repository,
                                                     const std::string& reference) {
    std::optional<Result<ManifestAnswer>> answer;
    client_.get_manifest(repository, reference,
                         [&](Result<ManifestAnswer> came) { answer = std::move(came); });
    auto manifest = wait_for(client_, answer);
    if (!manifest) {
        return says_no(manifest.error()) ? Result<std::optional<ManifestBytes>>(std::nullopt)
                                         : manifest.error();
    }
    return std::optional(
        ManifestBytes{std::move(manifest->content_type), std::move(manifest->body)});
}

std::vector<std::string> Sources::siblings_of(const std::string& repository) const {
    std::vector<std::string> names = repositories_;
    std::erase(names, repository);
    std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
        return common_beginning(repository, a) > common_beginning(repository, b);
    });
    names.resize(std::min(names.size(), kMostSiblings));
    return names;
}

}  // namespace gds::registry
