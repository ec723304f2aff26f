#include "gds/volume/cursor.h"

#include "entry.h"
#include "walk.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

namespace gds::volume {

namespace {

/// What is left of a path below a directory; "" where it lies elsewhere.
std::string_view below(std::string_view directory, std::string_view path) {
    if (directory.empty()) {
        return path;
    }
    const bool inside = path.size() > directory.size() && path[directory.size()] == '/' &&
                        path.substr(0, directory.size()) == directory;
    return inside ? path.substr(directory.size() + 1) : std::string_view();
}

}  // namespace

Result<Place> Cursor::reach(Held& held, std::string_view relative) {
    if (const auto name = below(held.path, relative); held.directory && is_name(name)) {
        return Place{held.directory.get(), std::string(name)};
    }
    auto names = GDS_TRY(components(relative));
    if (names.empty()) {
        return error(Code::invalid_argument, "the destination itself has no parent here");
    }
    std::string last(names.back());
    names.pop_back();
    held.directory = Fd();  // never found under the new path, should that not open
    held.directory = GDS_TRY(walk(volume_->root_.get(), names, relative, volume_->device_));
    held.path = names.empty() ? "" : relative.substr(0, relative.size() - last.size() - 1);
    return Place{held.directory.get(), std::move(last)};
}

Result<Place> Cursor::at(std::string_view relative) {
    return reach(here_, relative);
}

Result<std::pair<Place, Place>> Cursor::ends(std::string_view from, std::string_view to) {
    auto source = GDS_TRY(reach(source_, from));
    auto target = GDS_TRY(reach(here_, to));
    return std::pair(std::move(source), std::move(target));
}

Result<std::optional<Stat>> Cursor::stat(std::string_view relative) {
    if (relative.empty()) {
        return stat_at(volume_->root_.get(), ".");
    }
    const auto place = at(relative);
    if (!place) {
        const Code code = place.error().code;
        if (code == Code::not_found || code == Code::conflict) {
            return std::optional<Stat>();
        }
        return place.error();
    }
    auto found = stat_at(place->directory, place->name.c_str());
    if (!found) {
        return found.error().context(printable(relative));
    }
    return found;
}

Result<Fd> Cursor::open_with(std::string_view relative, int flags, unsigned mode) {
    const auto place = GDS_TRY(at(relative));
    Fd fd(::openat(place.directory, place.name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) {
        return path_error(errno, "open", relative);
    }
    return fd;
}

Status Cursor::remove_file(std::string_view relative) {
    const auto place = GDS_TRY(at(relative));
    if (::unlinkat(place.directory, place.name.c_str(), 0) != 0) {
        return errno == EISDIR ? error(Code::conflict,
                                       fmt::format("{}: is a directory now", printable(relative)))
                               : path_error(errno, "remove", relative);
    }
    return {};
}

}  // namespace gds::volume
