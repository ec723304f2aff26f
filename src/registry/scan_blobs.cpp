#include "scan_blobs.h"

#include <fmt/core.h>

namespace gds::registry {

namespace {

using Type = Storage::Entry::Type;

/// Nothing that a registry made lies deeper below what is no blob.
constexpr int kDeepest = 8;

Finding blocker(std::string detail, Remedy remedy) {
    Finding finding;
    finding.kind = Kind::layer;
    finding.defect = Defect::gc_blocker;
    finding.remedy = remedy;
    finding.detail = std::move(detail);
    return finding;
}

/// Looks at the places that a collection walks, less what is in each blob's own directory.
class StrayFinder {
public:
    StrayFinder(const Storage& storage, Workers& workers, Problems& problems)
        : storage_(storage), workers_(workers), problems_(problems) {}

    std::vector<Finding> run() {
        for (const Storage::Entry& algorithm : list("blobs")) {
            const std::string path = "blobs/" + algorithm.name;
            if (algorithm.is_directory()) {
                look_in_algorithm(algorithm.name);
            } else {
                look_at(path, algorithm);
            }
        }
        return std::move(found_);
    }

private:
    std::vector<Storage::Entry> list(const std::string& path) {
        auto entries = storage_.list(path);
        if (!entries) {
            problems_.add(entries.error());
            return {};
        }
        return *std::move(entries);
    }

    /// Something that is no directory, at a place where no blob's data can lie.
    void look_at(const std::string& path, const Storage::Entry& entry) {
        if (entry.type == Type::unreadable) {
            add(path +
                ": it cannot be followed, and every garbage collection ends at it with an error");
        } else if (entry.type == Type::other && entry.name == "data") {
            add(path +
                ": no blob can lie here, and every garbage collection ends at it with an error");
        }
    }

    void add(std::string detail) {
        const std::lock_guard lock(mutex_);
        found_.push_back(blocker(std::move(detail), Remedy::remove));
    }

    /// A directory whose name is no digest's, or no prefix.
    void look_below(const std::string& path, int depth) {
        for (const Storage::Entry& entry : list(path)) {
            const std::string place = path + "/" + entry.name;
            if (!entry.is_directory()) {
                look_at(place, entry);
            } else if (depth < kDeepest) {
                look_below(place, depth + 1);
            }
        }
    }

    void look_in_algorithm(const std::string& algorithm) {
        const std::string path = "blobs/" + algorithm;
        const std::vector<Storage::Entry> prefixes = list(path);
        workers_.for_each(prefixes.size(), [&](std::size_t i) {
            const Storage::Entry& prefix = prefixes[i];
            if (prefix.is_directory()) {
                look_in_prefix(algorithm, prefix.name);
            } else {
                look_at(path + "/" + prefix.name, prefix);
            }
        });
    }

    void look_in_prefix(const std::string& algorithm, const std::string& prefix) {
        const std::string path = fmt::format("blobs/{}/{}", algorithm, prefix);
        for (const Storage::Entry& entry : list(path)) {
            const std::string place = path + "/" + entry.name;
            const auto digest = Digest::parse(algorithm + ":" + entry.name);
            const bool is_blob =
                digest && algorithm_of(*digest) && place == Storage::blob_directory(*digest);
            if (!entry.is_directory()) {
                look_at(place, entry);
            } else if (!is_blob) {
                look_below(place, 0);
            }
        }
    }

    const Storage& storage_;
    Workers& workers_;
    Problems& problems_;
    std::mutex mutex_;
    std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> find_stray_blobs(const Storage& storage, Workers& workers,
                                      Problems& problems) {
    const auto there = storage.exists("blobs");
    if (there && !*there) {
        return {
            blocker("there is no directory blobs, without which every garbage collection ends "
                    "with an error",
                    Remedy::none)};
    }
    return StrayFinder(storage, workers, problems).run();
}

}  // namespace gds::registry
