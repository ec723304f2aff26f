#pragma once

#include "scan_repository.h"
#include "storage.h"

#include <string>
#include <vector>

namespace gds::registry {

/// One entry of a repository's tags, as it lies on disk.
struct TagLook {
    std::string name;
    bool is_directory = true;
    Link link;  ///< its current/link
};

/// Every tag that the registry would list, less what no client could have made.
std::vector<TagLook> read_tags(const ScanContext& context, const std::string& repository);

/// The manifests that the tag has led to, in no order.
std::vector<Digest> read_tag_history(const ScanContext& context, const std::string& repository,
                                     const std::string& tag);

/// The manifests whose revision has a link file, whatever is in it.
std::vector<Digest> read_revisions(const ScanContext& context, const std::string& repository);

/// What lies among the revisions and makes every garbage collection fail, in words: link files and
/// links in a circle where no revision can be.
std::vector<std::string> find_stray_links(const ScanContext& context,
                                          const std::string& repository);

}  // namespace gds::registry
