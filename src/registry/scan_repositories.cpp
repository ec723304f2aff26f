#include "scan_repositories.h"

#include "gds/registry/reference.h"

#include <algorithm>

namespace gds::registry {

namespace {

constexpr int kDeepestName = 128;  // a name has at most 255 bytes, so at most 128 parts

bool is_repository(const std::vector<Storage::Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Storage::Entry& entry) {
        return entry.name == "_manifests" || entry.name == "_layers" || entry.name == "_uploads";
    });
}

bool has_layers(const std::vector<Storage::Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(),
                       [](const Storage::Entry& entry) { return entry.name == "_layers"; });
}

Finding blocker(const std::string& name) {
    Finding finding;
    finding.repository = name;
    finding.kind = Kind::repository;
    finding.defect = Defect::gc_blocker;
    finding.remedy = Remedy::remove;
    finding.detail =
        "no repository can have this name, and every garbage collection ends here "
        "with an error";
    return finding;
}

/// One level of directories, and what was found in it.
class Level {
public:
    Level(const Storage& storage, Problems& problems) : storage_(storage), problems_(problems) {}

    void visit(const std::string& name) {
        const auto entries = storage_.list(name.empty() ? "repositories" : "repositories/" + name);
        if (!entries) {
            // The file system's own directory, which only root may read.
            if (name != "lost+found") {
                problems_.add(entries.error());
            }
            return;
        }
        const std::lock_guard lock(mutex_);
        if (is_repository(*entries)) {
            take(name, has_layers(*entries));
        }
        for (const Storage::Entry& entry : *entries) {
            if (entry.directory && !entry.name.starts_with("_")) {
                below.push_back(name.empty() ? entry.name : name + "/" + entry.name);
            }
        }
    }

    std::vector<std::string> below;
    Repositories found;

private:
    void take(const std::string& name, bool layers) {
        if (is_repository_name(name)) {
            found.names.push_back(name);
        } else if (layers) {
            found.blockers.push_back(blocker(name));
        }
    }

    const Storage& storage_;
    Problems& problems_;
    std::mutex mutex_;
};

}  // namespace

Repositories find_repositories(const Storage& storage, Workers& workers, Problems& problems) {
    Repositories all;
    std::vector<std::string> names = {""};
    for (int depth = 0; depth <= kDeepestName && !names.empty(); ++depth) {
        Level level(storage, problems);
        workers.for_each(names.size(), [&](std::size_t i) { level.visit(names[i]); });
        std::move(level.found.names.begin(), level.found.names.end(),
                  std::back_inserter(all.names));
        std::move(level.found.blockers.begin(), level.found.blockers.end(),
                  std::back_inserter(all.blockers));
        names = std::move(level.below);
    }
    std::sort(all.names.begin(), all.names.end());
    return all;
}

}  // namespace gds::registry
