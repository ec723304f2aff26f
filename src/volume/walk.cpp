#include "walk.h"

#include "gds/base/text.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <cerrno>

namespace gds::volume {

Result<std::vector<std::string_view>> components(std::string_view relative) {
    std::vector<std::string_view> names;
    if (relative.empty()) {
        return names;
    }
    std::size_t start = 0;
    for (;;) {
        const auto slash = relative.find('/', start);
        const auto name = relative.substr(start, slash - start);
        if (name.empty() || name == "." || name == ".." ||
            name.find('\0') != std::string_view::npos) {
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

Result<Fd> walk(int root, const std::vector<std::string_view>& names, std::string_view relative) {
    constexpr int kFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    // "." of the root gives a descriptor of its own, so that every caller owns what it gets.
    Fd current(::openat(root, ".", kFlags));
    for (const auto name : names) {
        if (!current) {
            break;
        }
        current = Fd(::openat(current.get(), std::string(name).c_str(), kFlags));
    }
    if (!current) {
        return path_error(errno, "open its directory", relative);
    }
    return current;
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
