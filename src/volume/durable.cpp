#include "durable.h"

#include "walk.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gds::volume {

Status write_all(const Fd& fd, std::string_view text, std::string_view relative) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd.get(), text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return path_error(errno, "write", relative);
        }
    }
    return {};
}

Status sync_file(const Fd& fd, std::string_view relative) {
    if (::fsync(fd.get()) != 0) {
        return path_error(errno, "make durable", relative);
    }
    return {};
}

Result<std::optional<std::string>> read_whole(const Volume& volume, const std::string& relative,
                                              std::size_t limit) {
    auto fd = volume.open_file(relative);
    if (!fd && fd.error().code == Code::not_found) {
        return std::optional<std::string>();
    }
    if (!fd) {
        return fd.error();
    }
    std::string text;
    std::array<char, 16384> block{};
    while (text.size() <= limit) {
        const ssize_t count = ::read(fd->get(), block.data(), block.size());
        if (count == 0) {
            return std::optional(std::move(text));
        }
        if (count > 0) {
            text.append(block.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return path_error(errno, "read", relative);
        }
    }
    return error(
        Code::invalid_argument,
        fmt::format("{}: larger than {}", relative, format_size(static_cast<std::int64_t>(limit))));
}

}  // namespace gds::volume
