#include "gds/volume/volume.h"

#include <fmt/core.h>

namespace gds::volume {

namespace {

Status make_private_dir(const Volume& volume, const std::string& relative) {
    auto made = volume.make_dir(relative, 0700);
    if (made) {
        const auto slash = relative.rfind('/');
        return volume.sync_dir(slash == std::string::npos ? "" : relative.substr(0, slash));
    }
    if (made.error().code != Code::conflict) {
        return made;
    }
    const auto found = GDS_TRY(volume.stat(relative));
    if (found && found->type == FileType::directory) {
        return {};
    }
    return error(Code::conflict,
                 fmt::format("{}/{}: not a directory, and links are never followed; move it away",
                             printable(volume.path()), relative));
}

}  // namespace

Status make_state_dir(const Volume& volume) {
    const std::string top(kStateDirName);
    GDS_CHECK(make_private_dir(volume, top));
    GDS_CHECK(make_private_dir(volume, top + "/staging"));
    return make_private_dir(volume, top + "/trash");
}

bool is_reserved(std::string_view relative_dir, std::string_view name) {
    if (relative_dir.empty() && (name == kStateDirName || name == "lost+found")) {
        return true;
    }
    return name.substr(0, 4) == ".nfs" || name == ".snapshot" || name == ".zfs";
}

}  // namespace gds::volume
