#pragma once

#include "blob_sizes.h"
#include "gds/registry/client.h"
#include "gds/registry/report.h"
#include "repair_plan.h"
#include "storage.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gds::registry {

/// Looks for the bytes of what is broken: in the report, in the registry's other repositories, and
/// on its disk where that is at hand.
class Sources {
public:
    /// `storage` may be null. `repositories` are all that the registry lists.
    Sources(Client& client, const Report& reported, const Storage* storage,
            std::vector<std::string> repositories);

    /// Fill in where the bytes of everything that is broken, and of what that needs, are. Error:
    /// cancelled, or the registry stopped answering.
    Status find(RepositoryFacts& facts);

private:
    Status find_manifest(RepositoryFacts& facts, const Digest& digest, int depth);
    Status find_tag(RepositoryFacts& facts, const std::string& tag);
    Status find_needs(RepositoryFacts& facts, const ManifestBytes& bytes, int depth);
    Status find_blob(RepositoryFacts& facts, const Digest& digest, std::int64_t size);
    Status find_used_untagged(RepositoryFacts& facts) const;

    Result<std::optional<ManifestBytes>> bytes_of(const std::string& repository,
                                                  const Digest& digest);
    Result<std::optional<ManifestBytes>> on_disk(const std::string& repository,
                                                 const Digest& digest);
    Result<std::optional<ManifestBytes>> at_sibling(const std::string& repository,
                                                    const Digest& digest);
    Result<BlobPlace> place_of(const std::string& repository, const Digest& digest,
                               std::int64_t size);
    Result<bool> serves_blob(const std::string& repository, const Digest& digest,
                             std::int64_t size);
    Result<std::optional<ManifestBytes>> served(const std::string& repository,
                                                const std::string& reference);

    /// The other repositories, those with the longest common beginning of the name first.
    [[nodiscard]] std::vector<std::string> siblings_of(const std::string& repository) const;

    Client& client_;
    const Report& reported_;
    const Storage* storage_;
    std::optional<BlobSizes> sizes_;
    std::vector<std::string> repositories_;
};

}  // namespace gds::registry
