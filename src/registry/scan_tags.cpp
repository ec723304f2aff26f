#include "scan_tags.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
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

std::vector<Digest> list_digests(const ScanContext& context, const std::string& path) {
    auto digests = context.storage.digests_below(path);
    if (!digests) {
        context.problems.add(digests.error());
        return {};
    }
    return *std::move(digests);
}

/// Nothing that a registry made lies deeper among the revisions.
constexpr int kDeepestStray = 8;

/// What distribution's drivers take for a path.
bool is_path(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '/';
    });
}

/// A collection reads every file called "link" below the revisions, wherever it is.
class StrayLinks {
public:
    explicit StrayLinks(const ScanContext& context) : context_(context) {}

    void look_in(const std::string& path, std::string_view algorithm, int depth) {
        for (const Storage::Entry& entry : list(context_, path)) {
            const std::string place = path + "/" + entry.name;
            const auto digest = Digest::parse(fmt::format("{}:{}", algorithm, entry.name));
            const bool is_revision = digest && algorithm_of(*digest);
            if (entry.type == Storage::Entry::Type::unreadable) {
                add(place, "cannot be followed");
            } else if (entry.is_directory()) {
                if (!is_revision && depth < kDeepestStray) {
                    look_in(place, depth == 0 ? entry.name : "", depth + 1);
                }
            } else if (entry.name == "link" && entry.type == Storage::Entry::Type::other) {
                look_at(place);
            }
        }
    }

    std::vector<std::string> take() { return std::move(found_); }

private:
    void look_at(const std::string& path) {
        const auto link = context_.storage.link(path);
        if (!link) {
            context_.problems.add(link.error());
        } else if (link->damaged()) {
            add(path, "does not hold a digest");
        } else if (!is_path(path)) {
            add(path, "lies at a path that the registry cannot read");
        }
    }

    void add(const std::string& path, std::string_view what) {
        found_.push_back(path + " " + std::string(what));
    }

    const ScanContext& context_;
    std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> find_stray_links(const ScanContext& context,
                                          const std::string& repository) {
    const std::string path = Storage::revisions_path(repository);
    if (context.storage.is_obstructed(path)) {
        return {path + " is no directory"};
    }
    StrayLinks links(context);
    links.look_in(path, "", 0);
    return links.take();
}

std::vector<TagLook> read_tags(const ScanContext& context, const std::string& repository) {
    const std::string path = Storage::tags_path(repository);
    std::vector<Storage::Entry> entries = list(context, path);
    std::erase_if(entries, [](const Storage::Entry& entry) { return is_leftover(entry.name); });
    std::vector<std::optional<TagLook>> looks(entries.size());
    context.workers.for_each(entries.size(), [&](std::size_t i) {
        const Storage::Entry& entry = entries[i];
        auto link = context.storage.link(fmt::format("{}/{}/current/link", path, entry.name));
        if (link) {
            looks[i] = TagLook{entry.name, entry.is_directory(), *std::move(link)};
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
    std::vector<Digest> found = list_digests(context, Storage::revisions_path(repository));
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
