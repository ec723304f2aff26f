#include "gds/volume/volume.h"

#include "entry.h"
#include "gds/volume/cursor.h"
#include "walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace gds::volume {

namespace {

struct CloseDir {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_dot(std::string_view name) {
    return name == "." || name == "..";
}

}  // namespace

Volume::Volume(std::string path, Fd root, std::uint64_t device)
    : path_(std::move(path)), root_(std::move(root)), device_(device) {}

Result<Volume> Volume::open(const std::string& destination) {
    // The operator's own text: links in it are followed, unlike in everything below it.
    Fd root(::open(destination.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root && errno == ENOTDIR) {
        return error(Code::invalid_argument,
                     fmt::format("{}: the destination is not a directory", printable(destination)));
    }
    if (!root) {
        return errno_error(errno, fmt::format("{}: cannot open the destination (is it mounted?)",
                                              printable(destination)));
    }
    struct stat raw {};
    if (::fstat(root.get(), &raw) != 0) {
        return errno_error(errno, printable(destination));
    }
    std::string path = destination;
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    return Volume(std::move(path), std::move(root), raw.st_dev);
}

Result<Fd> Volume::open_with(std::string_view relative, int flags, unsigned mode) const {
    return Cursor(*this).open_with(relative, flags, mode);
}

Result<std::optional<Stat>> Volume::stat(std::string_view relative) const {
    return Cursor(*this).stat(relative);
}

Result<Fd> Volume::open_dir(std::string_view relative) const {
    const auto names = GDS_TRY(components(relative));
    return walk(root_.get(), names, relative, device_, Access::read);
}

Result<Fd> Volume::open_file(std::string_view relative) const {
    // O_NONBLOCK: a FIFO in a file's place must not hang us; it has no meaning for regular files.
    constexpr int kFlags = O_RDONLY | O_NONBLOCK;
    auto fd = open_with(relative, kFlags | O_NOATIME);
    if (!fd && fd.error().code == Code::permission_denied) {
        fd = open_with(relative, kFlags);  // only the owner may leave the access time alone
    }
    if (!fd) {
        return fd;
    }
    struct stat raw {};
    if (::fstat(fd->get(), &raw) != 0) {
        return path_error(errno, "stat", relative);
    }
    if (!S_ISREG(raw.st_mode)) {
        return error(Code::conflict, fmt::format("{}: not a regular file", printable(relative)));
    }
    return fd;
}

Status Volume::read_dir(std::string_view relative,
                        const std::function<Status(const DirEntry&)>& each) const {
    Fd fd = GDS_TRY(open_dir(relative));
    const std::unique_ptr<DIR, CloseDir> directory(::fdopendir(fd.get()));
    if (!directory) {
        return path_error(errno, "read the directory", relative);
    }
    const int descriptor = fd.release();  // the directory's, since that succeeded
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): own DIR
        if (entry == nullptr) {
            return errno == 0 ? Status()
                              : Status(path_error(errno, "read the directory", relative));
        }
        if (is_dot(entry->d_name)) {
            continue;
        }
        auto found = stat_at(descriptor, entry->d_name);
        if (!found) {
            return found.error().context(printable(relative) + "/" + printable(entry->d_name));
        }
        if (*found) {
            GDS_CHECK(each(DirEntry{entry->d_name, **found}));
        }
    }
}

Status Volume::make_dir(std::string_view relative, unsigned mode) const {
    Cursor cursor(*this);
    const auto place = GDS_TRY(cursor.at(relative));
    if (::mkdirat(place.directory, place.name.c_str(), mode) != 0) {
        return path_error(errno, "make the directory", relative);
    }
    return {};
}

Status Volume::remove_file(std::string_view relative) const {
    return Cursor(*this).remove_file(relative);
}

Status Volume::remove_dir(std::string_view relative) const {
    Cursor cursor(*this);
    const auto place = GDS_TRY(cursor.at(relative));
    if (::unlinkat(place.directory, place.name.c_str(), AT_REMOVEDIR) != 0) {
        return path_error(errno, "remove the directory", relative);
    }
    return {};
}

std::array<timespec, 2> modification_time(std::int64_t ms) {
    std::int64_t seconds = ms / 1000;
    std::int64_t rest = ms % 1000;
    // Before the epoch too the kernel wants nanoseconds that are not negative.
    if (rest < 0) {
        rest += 1000;
        --seconds;
    }
    return {timespec{0, UTIME_OMIT}, timespec{seconds, rest * 1'000'000}};
}

Result<std::int64_t> Volume::set_mtime_ms(std::string_view relative, std::int64_t mtime_ms) const {
    Cursor cursor(*this);
    const auto place = GDS_TRY(cursor.at(relative));
    const auto times = modification_time(mtime_ms);
    struct stat raw {};
    if (::utimensat(place.directory, place.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0 ||
        ::fstatat(place.directory, place.name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) != 0) {
        return path_error(errno, "set the modification time", relative);
    }
    return to_stat(raw).mtime_ns;
}

Result<std::string> Volume::digest(std::string_view relative, crypto::Algorithm algorithm,
                                   const Cancel& cancel) const {
    const Fd fd = GDS_TRY(open_file(relative));
    crypto::Digest digest(algorithm);
    std::string block(256UL << 10, '\0');
    while (!cancel.stopped()) {
        const ssize_t count = ::read(fd.get(), block.data(), block.size());
        if (count == 0) {
            return digest.finish();
        }
        if (count > 0) {
            digest.update(std::string_view(block.data(), static_cast<std::size_t>(count)));
        } else if (errno != EINTR) {
            return path_error(errno, "read", relative);
        }
    }
    return error(Code::cancelled,
                 fmt::format("{}: stopped while it was read", printable(relative)));
}

Status Volume::sync_dir(std::string_view relative) const {
    const Fd fd = GDS_TRY(open_dir(relative));
    if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
        return path_error(errno, "make the directory durable", relative);
    }
    return {};
}

Status Volume::sync_all() const {
    if (::syncfs(root_.get()) != 0) {
        return path_error(errno, "make the file system durable", "");
    }
    return {};
}

Result<Volume::Space> Volume::space() const {
    struct statvfs raw {};
    if (::fstatvfs(root_.get(), &raw) != 0) {
        return path_error(errno, "ask for free space", "");
    }
    const auto bytes = [&](fsblkcnt_t blocks) {
        return static_cast<std::int64_t>(blocks * raw.f_frsize);
    };
    return Space{bytes(raw.f_bavail), bytes(raw.f_blocks)};
}

}  // namespace gds::volume
