// The staging folder as a whole: what earlier runs left there.
#include "gds/base/log.h"
#include "gds/transfer/downloads.h"
#include "partial.h"

#include <vector>

namespace gds::transfer {

Status clean_staging(const volume::Volume& volume) {
    std::vector<std::string> left;
    auto read = volume.read_dir(staging_path(), [&](const volume::DirEntry& entry) {
        left.push_back(entry.name);
        return Status();
    });
    if (!read) {
        return read.error().code == Code::not_found ? Status() : read;
    }
    for (const auto& name : left) {
        const auto path = staging_path() + "/" + name;
        auto removed = volume.remove_file(path);
        if (!removed && removed.error().code == Code::conflict) {
            log::warn("a folder in staging is not ours; remove it by hand",
                      {{"path", printable(path)}});
        } else if (!removed && removed.error().code != Code::not_found) {
            return removed;
        }
    }
    return {};
}

std::int64_t staged_bytes(const volume::Volume& volume, const std::string& resume_key) {
    if (resume_key.empty()) {
        return 0;
    }
    const auto found = volume.stat(partial_path(resume_key));
    const bool usable = found && *found && (*found)->type == volume::FileType::file;
    return usable ? (*found)->size : 0;
}

}  // namespace gds::transfer
