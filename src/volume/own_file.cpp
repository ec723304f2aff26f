#include "durable.h"
#include "gds/volume/volume.h"

#include <fcntl.h>
#include <fmt/core.h>

namespace gds::volume {

namespace {

constexpr std::size_t kLimit = 16UL << 20;

std::string path_of(std::string_view name) {
    return fmt::format("{}/{}", kStateDirName, name);
}

}  // namespace

Result<std::optional<std::string>> read_own_file(const Volume& volume, std::string_view name) {
    return read_whole(volume, path_of(name), kLimit);
}

Status replace_own_file(const Volume& volume, std::string_view name, std::string_view text) {
    const std::string temporary = path_of(name) + ".tmp";
    Fd fd = GDS_TRY(volume.open_with(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    GDS_CHECK(write_all(fd, text, temporary));
    GDS_CHECK(sync_file(fd, temporary));
    GDS_CHECK(fd.close());
    GDS_CHECK(volume.rename_over(temporary, path_of(name)));
    return volume.sync_dir(kStateDirName);
}

}  // namespace gds::volume
