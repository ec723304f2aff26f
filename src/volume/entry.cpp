#include "entry.h"

#include <fcntl.h>

#include <cerrno>

namespace gds::volume {

Stat to_stat(const struct stat& raw) {
    Stat result;
    switch (raw.st_mode & S_IFMT) {
        case S_IFREG: result.type = FileType::file; break;
        case S_IFDIR: result.type = FileType::directory; break;
        case S_IFLNK: result.type = FileType::symlink; break;
        default: result.type = FileType::other; break;
    }
    result.size = raw.st_size;
    result.mtime_ns = raw.st_mtim.tv_sec * 1'000'000'000LL + raw.st_mtim.tv_nsec;
    result.device = raw.st_dev;
    result.inode = raw.st_ino;
    result.links = raw.st_nlink;
    result.mode = raw.st_mode & 07777U;
    return result;
}

Result<std::optional<Stat>> stat_at(int directory, const char* name) {
    struct stat raw {};
    if (::fstatat(directory, name, &raw, AT_SYMLINK_NOFOLLOW) == 0) {
        return std::optional(to_stat(raw));
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        return std::optional<Stat>();
    }
    return errno_error(errno, "stat");
}

}  // namespace gds::volume
