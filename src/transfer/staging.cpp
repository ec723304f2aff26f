// The staging folder as a whole: what earlier runs left there.
#include "gds/base/log.h"
#include "gds/transfer/downloads.h"
#include "partial.h"

#include <vector>

namespace gds::transfer {

Status clean_staging(const volume::Volume& volume,
                     const std::function<bool(const std::string& resume_key)>& keep) {
    std::vector<std::string> unwanted;
    auto read = volume.read_dir(staging_path(), [&](const volume::DirEntry& entry) {
        const auto key = resume_key_of(entry.name);
        if (!key || entry.stat.type != volume::FileType::file || !keep(*key)) {
            unwanted.push_back(entry.name);
        }
        return Status();
    });
    if (!read) {
        return read.error().code == Code::not_found ? Status() : read;
    }
    for (const auto& name : unwanted) {
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
    const auto path = partial_path(resume_key);
    if (!path) {
        return 0;
    }
    const auto found = volume.stat(*path);
    const bool usable = found && *found && (*found)->type == volume::FileType::file;
    return usable ? (*found)->size : 0;
}

}  // namespace gds::transfer
