#include "scan_tags.h"

#include <fmt/core.h>

#include <optional>

namespace gds::registry {

namespace {

/// What NFS leaves of a file that was removed while somebody had it open.
bool is_leftover(std::string_view name) {
    return name.starts_with(".nfs");
}

std::vector<Storage::Entry> list(const ScanContext& context, const std::string& path) {
    auto entries = context.storage.list(path);
    if (!entries) {
        context.problems.add(entries.error());
        return {};
    }
    return *std::move(entries);
}

/// The digests that directories ALGORITHM/HEX below `path` name.
std::vector<Digest> list_digests(const ScanContext& context, const std::string& path) {
    std::vector<Digest> digests;
    for (const Storage::Entry& algorithm : list(context, path)) {
        if (!algorithm.directory) {
            continue;
        }
        for (const Storage::Entry& hex : list(context, path + "/" + algorithm.name)) {
            auto digest = Digest::parse(algorithm.name + ":" + hex.name);
            if (hex.directory && digest) {
                digests.push_back(*std::move(digest));
            }
        }
    }
    return digests;
}

}  // namespace

std::vector<TagLook> read_tags(const ScanContext& context, const std::string& repository) {
    const std::string path = Storage::tags_path(repository);
    std::vector<Storage::Entry> entries = list(context, path);
    std::erase_if(entries, [](const Storage::Entry& entry) { return is_leftover(entry.name); });
    std::vector<std::optional<TagLook>> looks(entries.size());
    context.workers.for_each(entries.size(), [&](std::size_t i) {
        const Storage::Entry& entry = entries[i];
        auto link = context.storage.link(fmt::format("{}/{}/current/link", path, entry.name));
        if (link) {
            looks[i] = TagLook{entry.name, entry.directory, *std::move(link)};
        } else {
            context.problems.add(link.error());
        }
    });
    std::vector<TagLook> tags;
    for (std::optional<TagLook>& look : looks) {
        if (look) {
            tags.push_back(*std::move(look));
        }
    }
    return tags;
}

std::vector<Digest> read_tag_history(const ScanContext& context, const std::string& repository,
                                     const std::string& tag) {
    return list_digests(context, fmt::format("{}/{}/index", Storage::tags_path(repository), tag));
}

std::vector<Digest> read_revisions(const ScanContext& context, const std::string& repository) {
    std::vector<Digest> found =
        list_digests(context, Storage::repository_path(repository) + "/_manifests/revisions");
    std::vector<char> linked(found.size(), 0);
    context.workers.for_each(found.size(), [&](std::size_t i) {
        const auto there = context.storage.exists(Storage::revision_path(repository, found[i]));
        if (!there) {
            context.problems.add(there.error());
        }
        linked[i] = static_cast<char>(there && *there);
    });
    std::vector<Digest> revisions;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (linked[i] != 0) {
            revisions.push_back(std::move(found[i]));
        }
    }
    return revisions;
}

}  // namespace gds::registry
