#pragma once

#include "gds/base/result.h"

#include <string>
#include <string_view>
#include <utility>

namespace gds {

/// An owned file descriptor, closed at the end of its life.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    explicit operator bool() const { return valid(); }
    /// Give it up to somebody else, who closes it.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    /// Close now and say whether the kernel reported an error (delayed write errors of NFS).
    Status close();

private:
    int fd_ = -1;
};

/// The whole of a small file (credentials, configuration). Error: not_found, io, or too large.
Result<std::string> read_small_file(const std::string& path, std::size_t limit = 1 << 20);

/// Write all of `text` to a temporary beside `path`, fsync, and rename it over `path`; `mode` is
/// what the new file gets. A reader sees the old file or the new one, whole.
Status replace_file(const std::string& path, std::string_view text, unsigned mode);

/// A pipe, a device, or a link such as /dev/stdout: a rename would replace it instead of writing to
/// what it stands for.
bool is_special(const std::string& path);
/// What is special, for writing to what it stands for, which is made where a link leads to nothing.
/// Error: also for a pipe that nobody reads.
Result<Fd> open_special(const std::string& path, unsigned mode);
/// What an earlier write_out() left there; "" where there is nothing, or nothing to be read again.
std::string read_back(const std::string& path);
/// For what is given out to wherever somebody says: replace_file(), but what is special is written
/// to.
Status write_out(const std::string& path, std::string_view text, unsigned mode);

}  // namespace gds
