#include "gds/base/fd.h"
#include "gds/base/text.h"
#include "gds/report/report.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace gds::report {

namespace {

constexpr std::size_t kBufferSize = 1 << 16;

/// Collects small pieces, so that a line of the report is no system call.
class BufferedFile {
public:
    BufferedFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Status write(std::string_view text) {
        buffer_ += text;
        return buffer_.size() < kBufferSize ? Status() : flush();
    }

    Status flush() {
        std::string_view rest = buffer_;
        while (!rest.empty()) {
            const ssize_t count = ::write(fd_.get(), rest.data(), rest.size());
            if (count < 0 && errno != EINTR) {
                return errno_error(errno, path_);
            }
            rest.remove_prefix(static_cast<std::size_t>(count < 0 ? 0 : count));
        }
        buffer_.clear();
        return {};
    }

    /// Everything on disk, and the file closed.
    Status commit() {
        GDS_CHECK(flush());
        if (::fsync(fd_.get()) != 0) {
            return errno_error(errno, path_);
        }
        return fd_.close();
    }

private:
    Fd fd_;
    std::string path_;
    std::string buffer_;
};

Result<BufferedFile> open_for_writing(const std::string& path, int flags) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0644));
    if (!fd) {
        return errno_error(errno, path);
    }
    return BufferedFile(std::move(fd), path);
}

Status write_special(const std::string& path, const model::RunRecord& run,
                     const model::ActionSource& actions) {
    BufferedFile file(GDS_TRY(open_special(path, 0644)), path);
    GDS_CHECK(write_json(run, actions, [&](std::string_view text) { return file.write(text); }));
    return file.flush();
}

Status write_temporary(const std::string& temporary, const model::RunRecord& run,
                       const model::ActionSource& actions) {
    BufferedFile file = GDS_TRY(open_for_writing(temporary, O_CREAT | O_EXCL));
    GDS_CHECK(write_json(run, actions, [&](std::string_view text) { return file.write(text); }));
    return file.commit();
}

Status write_regular(const std::string& path, const model::RunRecord& run,
                     const model::ActionSource& actions) {
    const std::string temporary = fmt::format("{}.{}.tmp", path, random_hex(6));
    Status written = write_temporary(temporary, run, actions);
    if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
        written = errno_error(errno, path);
    }
    if (!written) {
        ::unlink(temporary.c_str());
    }
    return written;
}

}  // namespace

Status write_json_file(const std::string& path, const model::RunRecord& run,
                       const model::ActionSource& actions) {
    const Status written =
        is_special(path) ? write_special(path, run, actions) : write_regular(path, run, actions);
    if (!written) {
        return written.error().context("the report could not be written");
    }
    return {};
}

}  // namespace gds::report
