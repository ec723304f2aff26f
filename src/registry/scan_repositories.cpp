#include "scan_repositories.h"

#include "gds/registry/reference.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace gds::registry {

namespace {

constexpr int kDeepestName = 128;  // a name has at most 255 bytes, so at most 128 parts

using Entry = Storage::Entry;

Finding blocker(const std::string& name, std::string detail) {
    Finding finding;
    finding.repository = name;
    finding.kind = Kind::repository;
    finding.defect = Defect::gc_blocker;
    finding.remedy = Remedy::remove;
    finding.detail = std::move(detail);
    return finding;
}

/// A directory among the repositories.
struct Place {
    std::string name;       ///< "" for the top
    std::string hidden_by;  ///< the file at which the registry's walk ended before it came here

    [[nodiscard]] std::string path_of(std::string_view entry = {}) const {
        return fmt::format("repositories{}{}{}{}", name.empty() ? "" : "/", name,
                           entry.empty() ? "" : "/", entry);
    }
    [[nodiscard]] std::string child(const std::string& entry) const {
        return name.empty() ? entry : name + "/" + entry;
    }
};

/// One directory as the registry walks it, which catalog and collections rest on: entries in the
/// order of their names, until a file whose name begins with "_". What follows is never seen.
class Visit {
public:
    Visit(const Storage& storage, Place place)
        : storage_(storage), place_(std::move(place)), hidden_by_(place_.hidden_by) {}

    void run(const std::vector<Entry>& entries) {
        for (const Entry& entry : entries) {
            look_at(entry);
        }
    }

    [[nodiscard]] bool is_repository() const { return is_repository_; }
    [[nodiscard]] bool is_listed() const { return is_listed_; }
    [[nodiscard]] Unlisted why_unlisted() const {
        if (hidden_by_.empty()) {
            return {"without its _layers the catalog does not list it", Remedy::mount};
        }
        return {hidden_by_ + ", which is no directory, ends the registry's walk before it",
                Remedy::remove};
    }
    std::vector<Place> below;
    std::vector<Finding> blockers;

private:
    void look_at(const Entry& entry) {
        const bool reserved = entry.name.starts_with("_");
        const bool is_walked = hidden_by_.empty();
        is_repository_ = is_repository_ || entry.name == "_manifests" || entry.name == "_layers" ||
                         entry.name == "_uploads";
        is_listed_ = is_listed_ || (entry.name == "_layers" && is_walked);
        if (entry.type == Entry::Type::unreadable) {
            block(entry, "it cannot be followed");
        } else if (entry.type == Entry::Type::other && reserved && is_walked) {
            hidden_by_ = place_.path_of(entry.name);
        } else if (entry.is_directory() && !reserved) {
            if (entry.is_symlink && leads_back(entry)) {
                block(entry, "it leads back to where it lies");
            } else {
                below.push_back({place_.child(entry.name), hidden_by_});
            }
        }
    }

    void block(const Entry& entry, std::string_view why) {
        blockers.push_back(
            blocker(place_.child(entry.name),
                    fmt::format("{}, so the catalog and every garbage collection end here with an "
                                "error",
                                why)));
    }

    /// To a directory that it is in.
    [[nodiscard]] bool leads_back(const Entry& entry) const {
        const std::string path = place_.path_of(entry.name);
        for (std::string above = place_.path_of();;
             above.resize(above.rfind('/') == std::string::npos ? 0 : above.rfind('/'))) {
            if (storage_.is_same_directory(path, above.empty() ? "." : above)) {
                return true;
            }
            if (above.empty()) {
                return false;
            }
        }
    }

    const Storage& storage_;
    Place place_;
    std::string hidden_by_;
    bool is_repository_ = false;
    bool is_listed_ = false;
};

/// One level of directories, and what was found in it.
class Level {
public:
    Level(const Storage& storage, Problems& problems, Repositories& found)
        : storage_(storage), problems_(problems), found_(found) {}

    void visit(const Place& place) {
        const auto entries = storage_.list(place.path_of());
        if (!entries) {
            // The file system's own directory, which only root may read.
            if (place.name != "lost+found") {
                problems_.add(entries.error());
            }
            return;
        }
        Visit visit(storage_, place);
        visit.run(*entries);
        const std::lock_guard lock(mutex_);
        if (visit.is_repository()) {
            take(place.name, visit);
        }
        std::move(visit.below.begin(), visit.below.end(), std::back_inserter(below));
        std::move(visit.blockers.begin(), visit.blockers.end(),
                  std::back_inserter(found_.blockers));
    }

    std::vector<Place> below;

private:
    void take(const std::string& name, const Visit& visit) {
        if (is_repository_name(name)) {
            found_.names.push_back(name);
            if (!visit.is_listed()) {
                found_.unlisted.emplace(name, visit.why_unlisted());
            }
        } else if (visit.is_listed()) {
            found_.blockers.push_back(
                blocker(name,
                        "no repository can have this name, and every garbage collection ends here "
                        "with an error"));
        }
    }

    const Storage& storage_;
    Problems& problems_;
    Repositories& found_;
    std::mutex mutex_;
};

}  // namespace

Repositories find_repositories(const Storage& storage, Workers& workers, Problems& problems) {
    Repositories all;
    std::vector<Place> places = {{}};
    for (int depth = 0; depth <= kDeepestName && !places.empty(); ++depth) {
        Level level(storage, problems, all);
        workers.for_each(places.size(), [&](std::size_t i) { level.visit(places[i]); });
        places = std::move(level.below);
    }
    std::sort(all.names.begin(), all.names.end());
    return all;
}

}  // namespace gds::registry
