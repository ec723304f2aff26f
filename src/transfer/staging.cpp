// The staging folder as a whole: what earlier runs left there.
#include "gds/base/log.h"
#include "gds/transfer/downloads.h"
#include "partial.h"

#include <sys/stat.h>

#include <algorithm>
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

Result<std::map<std::string, std::int64_t>> partials(const volume::Volume& volume) {
    std::map<std::string, std::int64_t> found;
    auto read = volume.read_dir(staging_path(), [&](const volume::DirEntry& entry) {
        const auto ending = entry.name.rfind(kPartialEnding);
        if (entry.stat.type == volume::FileType::file && ending != std::string::npos &&
            ending + kPartialEnding.size() == entry.name.size()) {
            found.emplace(entry.name.substr(0, ending), entry.stat.size);
        }
        return Status();
    });
    if (!read && read.error().code != Code::not_found) {
        return read.error();
    }
    for (auto& [key, bytes] : found) {
        // Its room is taken before its bytes come.
        const auto fd = volume.open_file(partial_path(key));
        struct stat raw {};
        if (fd && ::fstat(fd->get(), &raw) == 0) {
            bytes = std::max<std::int64_t>(bytes, raw.st_blocks * 512);
        }
    }
    return found;
}

Status remove_partial(const volume::Volume& volume, const std::string& resume_key) {
    return volume.remove_file(partial_path(resume_key));
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
