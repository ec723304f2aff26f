#include "gds/base/fd.h"

#include "gds/base/text.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gds {

Fd::~Fd() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

Status Fd::close() {
    const int fd = std::exchange(fd_, -1);
    // EINTR still closes the descriptor on Linux; closing again could hit another file's.
    if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) {
        return errno_error(errno, "close");
    }
    return {};
}

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return errno_error(errno, path);
    }
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
        if (count == 0) {
            return text;
        }
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno_error(errno, path);
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > limit) {
            return error(Code::invalid_argument,
                         fmt::format("{}: larger than {}", path,
                                     format_size(static_cast<std::int64_t>(limit))));
        }
    }
}

namespace {

Status write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno_error(errno, path);
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Status write_durably(const std::string& path, std::string_view text, unsigned mode) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) {
        return errno_error(errno, path);
    }
    GDS_CHECK(write_all(fd.get(), text, path));
    if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) {
        return errno_error(errno, path);
    }
    return fd.close();
}

void sync_parent(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) {
        // Not every file system syncs directories; the rename itself has succeeded.
        [[maybe_unused]] const int result = ::fsync(directory.get());
    }
}

}  // namespace

Status replace_file(const std::string& path, std::string_view text, unsigned mode) {
    const std::string temporary = fmt::format("{}.{}.tmp", path, random_hex(6));
    auto written = write_durably(temporary, text, mode);
    if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
        written = errno_error(errno, path);
    }
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    sync_parent(path);
    return {};
}

bool is_special(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

Status write_out(const std::string& path, std::string_view text, unsigned mode) {
    if (!is_special(path)) {
        return replace_file(path, text, mode);
    }
    Fd fd = GDS_TRY(open_special(path, mode));
    GDS_CHECK(write_all(fd.get(), text, path));
    return fd.close();
}

Result<Fd> open_special(const std::string& path, unsigned mode) {
    // Not to wait for somebody to read a pipe, but for him once he does.
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, mode));
    if (!fd) {
        return errno_error(errno, path);
    }
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) {
        return errno_error(errno, path);
    }
    return fd;
}

std::string read_back(const std::string& path) {
    struct stat info {};
    const bool readable = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
    return readable ? read_small_file(path).value_or("") : std::string();
}

}  // namespace gds
