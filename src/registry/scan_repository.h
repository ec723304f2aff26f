#pragma once

#include "blob_sizes.h"
#include "gds/base/cancel.h"
#include "gds/registry/finding.h"
#include "gds/registry/report.h"
#include "storage.h"
#include "workers.h"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace gds::registry {

/// What the disk would not say; thread-safe.
class Problems {
public:
    void add(const Error& problem);
    /// The first of them.
    [[nodiscard]] std::vector<std::string> list() const;
    [[nodiscard]] bool any() const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> first_;
};

/// Why neither the catalog nor a garbage collection knows a repository.
struct Unlisted {
    std::string why;
    Remedy remedy = Remedy::mount;
};

/// What every part of one scan works with.
struct ScanContext {
    const Storage& storage;
    Workers& workers;
    BlobSizes& sizes;
    const std::map<std::string, Unlisted>& unlisted;  ///< by repository
    const std::set<Digest>& damaged;                  ///< blobs that were found to have other bytes
    const Cancel& cancel;
    Problems& problems;
};

/// What one repository's part of the tree shows.
struct RepositoryScan {
    std::vector<Finding> broken, warnings;
    Counts counts;
};

/// Read one repository as the registry would serve it, and as a garbage collection would see it.
RepositoryScan scan_repository(const ScanContext& context, const std::string& repository);

}  // namespace gds::registry
