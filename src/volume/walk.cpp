#include "walk.h"

#include "gds/base/text.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>

namespace gds::volume {

namespace {

constexpr int kFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

int flags_for(Access access) {
    return kFlags | (access == Access::read ? O_RDONLY : O_PATH);
}

/// One openat(2) a name: a kernel before 5.6, a sandbox that refuses openat2(2), and paths longer
/// than a system call takes.
Fd walk_by_steps(int root, const std::vector<std::string_view>& names, Access access) {
    // "." of the root gives a descriptor of its own, so that every caller owns what it gets.
    Fd current(::openat(root, ".", flags_for(names.empty() ? access : Access::path)));
    for (std::size_t i = 0; i < names.size() && current; ++i) {
        const int flags = flags_for(i + 1 == names.size() ? access : Access::path);
        current = Fd(::openat(current.get(), std::string(names[i]).c_str(), flags));
    }
    return current;
}

Fd walk_at_once(int root, const std::string& path, Access access) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags_for(access));
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

Fd open_directory(int root, const std::vector<std::string_view>& names, Access access) {
    static std::atomic<bool> at_once = true;
    const std::string path = names.empty() ? "." : fmt::format("{}", fmt::join(names, "/"));
    if (at_once && path.size() < PATH_MAX) {
        Fd opened = walk_at_once(root, path, access);
        if (opened || (errno != ENOSYS && errno != EPERM)) {
            return opened;
        }
        at_once = false;
    }
    return walk_by_steps(root, names, access);
}

}  // namespace

bool is_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

Result<std::vector<std::string_view>> components(std::string_view relative) {
    std::vector<std::string_view> names;
    if (relative.empty()) {
        return names;
    }
    std::size_t start = 0;
    for (;;) {
        const auto slash = relative.find('/', start);
        const auto name = relative.substr(start, slash - start);
        if (!is_name(name)) {
            return error(Code::invalid_argument,
                         fmt::format("{}: not a path inside the destination", printable(relative)));
        }
        names.push_back(name);
        if (slash == std::string_view::npos) {
            return names;
        }
        start = slash + 1;
    }
}

Result<Fd> walk(int root, const std::vector<std::string_view>& names, std::string_view relative,
                std::uint64_t device, Access access) {
    Fd opened = open_directory(root, names, access);
    struct stat raw {};
    if (!opened || ::fstat(opened.get(), &raw) != 0) {
        return path_error(errno, "open its directory", relative);
    }
    if (raw.st_dev != device) {
        return path_error(EXDEV, "work in its directory", relative);
    }
    return opened;
}

Error path_error(int errno_value, std::string_view doing, std::string_view relative) {
    const auto what =
        fmt::format("{}: cannot {}", relative.empty() ? "." : printable(relative), doing);
    switch (errno_value) {
        case ENOTDIR:
        case ELOOP:
            return error(Code::conflict,
                         what +
                             ": a file or symbolic link stands where a directory should be, and "
                             "links are never followed; move it away");
        case EXDEV:
            return error(Code::conflict,
                         what + ": a mount point lies between; unmount it or exclude the folder");
        default: return errno_error(errno_value, what);
    }
}

}  // namespace gds::volume
