#include "scan_blobs.h"

#include <fmt/core.h>

namespace gds::registry {

namespace {

Finding stray(const std::string& path) {
    Finding finding;
    finding.kind = Kind::layer;
    finding.defect = Defect::gc_blocker;
    finding.remedy = Remedy::remove;
    finding.detail = path +
                     ": no blob can lie here, and every garbage collection ends at it with "
                     "an error";
    return finding;
}

class StrayFinder {
public:
    StrayFinder(const Storage& storage, Workers& workers, Problems& problems)
        : storage_(storage), workers_(workers), problems_(problems) {}

    std::vector<Finding> run() {
        look_in("blobs");
        for (const Storage::Entry& algorithm : list("blobs")) {
            if (algorithm.directory) {
                look_in_algorithm(algorithm.name);
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

    void add(const std::string& path) {
        const std::lock_guard lock(mutex_);
        found_.push_back(stray(path));
    }

    /// A "data" right in this directory.
    void look_in(const std::string& path) {
        for (const Storage::Entry& entry : list(path)) {
            if (entry.name == "data" && !entry.directory) {
                add(path + "/data");
            }
        }
    }

    void look_in_algorithm(const std::string& algorithm) {
        const std::string path = "blobs/" + algorithm;
        const std::vector<Storage::Entry> prefixes = list(path);
        workers_.for_each(prefixes.size(), [&](std::size_t i) {
            const Storage::Entry& prefix = prefixes[i];
            if (!prefix.directory && prefix.name == "data") {
                add(path + "/data");
            } else if (prefix.directory) {
                look_in_prefix(algorithm, prefix.name);
            }
        });
    }

    void look_in_prefix(const std::string& algorithm, const std::string& prefix) {
        const std::string path = fmt::format("blobs/{}/{}", algorithm, prefix);
        for (const Storage::Entry& entry : list(path)) {
            const bool named = Digest::parse(algorithm + ":" + entry.name).has_value() &&
                               entry.name.starts_with(prefix);
            if (!entry.directory && entry.name == "data") {
                add(path + "/data");
            } else if (entry.directory && !named) {
                look_in(path + "/" + entry.name);
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
    return StrayFinder(storage, workers, problems).run();
}

}  // namespace gds::registry
