// What gives a file a name: rename(2) and link(2) in all their kinds.
#include "gds/volume/cursor.h"
#include "walk.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace gds::volume {

namespace {

/// Both ends of a rename or link.
struct Ends {
    Place from;
    Place to;

    [[nodiscard]] int rename(unsigned flags) const {
        return ::renameat2(from.directory, from.name.c_str(), to.directory, to.name.c_str(), flags);
    }
    [[nodiscard]] int rename_over() const {
        return ::renameat(from.directory, from.name.c_str(), to.directory, to.name.c_str());
    }
    /// Both names are one file: rename(2) would then do nothing, and call that success.
    [[nodiscard]] bool one_file() const {
        struct stat a {};
        struct stat b {};
        return ::fstatat(from.directory, from.name.c_str(), &a, AT_SYMLINK_NOFOLLOW) == 0 &&
               ::fstatat(to.directory, to.name.c_str(), &b, AT_SYMLINK_NOFOLLOW) == 0 &&
               a.st_dev == b.st_dev && a.st_ino == b.st_ino && S_ISREG(a.st_mode) &&
               (from.name != to.name || !same_directory());
    }
    [[nodiscard]] bool same_directory() const {
        struct stat a {};
        struct stat b {};
        return ::fstat(from.directory, &a) == 0 && ::fstat(to.directory, &b) == 0 &&
               a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    }
    /// Ends the old name of such a file. It waits at `hold` until it is known whether the new name
    /// is a link of its own: where names differ in case only, both may be one and the same.
    [[nodiscard]] int end_old_name(const Place& hold) const {
        const int held = hold.directory;
        if (::renameat(from.directory, from.name.c_str(), held, hold.name.c_str()) != 0) {
            return -1;
        }
        struct stat there {};
        const bool own_link =
            ::fstatat(to.directory, to.name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
        return own_link ? ::unlinkat(held, hold.name.c_str(), 0)
                        : ::renameat(held, hold.name.c_str(), to.directory, to.name.c_str());
    }
    [[nodiscard]] int link() const {
        return ::linkat(from.directory, from.name.c_str(), to.directory, to.name.c_str(), 0);
    }
};

Result<Ends> open_ends(Cursor& cursor, std::string_view from, std::string_view to) {
    auto [first, second] = GDS_TRY(cursor.ends(from, to));
    return Ends{std::move(first), std::move(second)};
}

bool links_refused(int errno_value) {
    return errno_value == EPERM || errno_value == EOPNOTSUPP || errno_value == EMLINK ||
           errno_value == ENOSYS;
}

/// For file systems without RENAME_NOREPLACE (NFS): a link never replaces; a directory, which has
/// no links, is checked for first. Only we and people write here, so that window is a person's.
int rename_by_link(const Ends& ends) {
    struct stat raw {};
    if (::fstatat(ends.from.directory, ends.from.name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) != 0) {
        return -1;
    }
    if (!S_ISDIR(raw.st_mode)) {
        if (ends.link() == 0) {
            return ::unlinkat(ends.from.directory, ends.from.name.c_str(), 0);
        }
        if (!links_refused(errno)) {
            return -1;
        }
    }
    if (::fstatat(ends.to.directory, ends.to.name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? ends.rename_over() : -1;
}

std::string doing(std::string_view verb, std::string_view to) {
    return fmt::format("{} {}", verb, printable(to));
}

}  // namespace

Status Cursor::rename(std::string_view from, std::string_view to) {
    const auto ends = GDS_TRY(open_ends(*this, from, to));
    int result = ends.rename(RENAME_NOREPLACE);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
        result = rename_by_link(ends);
    }
    if (result != 0) {
        return path_error(errno, doing("rename to", to), from);
    }
    return {};
}

Status Cursor::rename_over(std::string_view from, std::string_view to) {
    const auto ends = GDS_TRY(open_ends(*this, from, to));
    int result = 0;
    if (ends.one_file()) {
        Cursor aside(*volume_);
        result = ends.end_old_name(
            GDS_TRY(aside.at(fmt::format("{}/staging/link-{}", kStateDirName, random_hex(8)))));
    } else {
        result = ends.rename_over();
    }
    if (result != 0) {
        return errno == EISDIR
                   ? error(Code::conflict, fmt::format("{}: is a directory now; move it "
                                                       "away",
                                                       printable(to)))
                   : path_error(errno, doing("rename over", to), from);
    }
    return {};
}

Status Volume::rename(std::string_view from, std::string_view to) const {
    return Cursor(*this).rename(from, to);
}

Status Volume::rename_over(std::string_view from, std::string_view to) const {
    return Cursor(*this).rename_over(from, to);
}

Status Volume::exchange(std::string_view a, std::string_view b) const {
    Cursor cursor(*this);
    const auto ends = GDS_TRY(open_ends(cursor, a, b));
    if (ends.rename(RENAME_EXCHANGE) == 0) {
        return {};
    }
    if (errno == EINVAL || errno == ENOSYS) {
        return error(Code::conflict, fmt::format("{}: this file system cannot exchange it with {}",
                                                 printable(a), printable(b)));
    }
    return path_error(errno, doing("exchange with", b), a);
}

Status Volume::link(std::string_view from, std::string_view to) const {
    Cursor cursor(*this);
    const auto ends = GDS_TRY(open_ends(cursor, from, to));
    if (ends.link() == 0) {
        return {};
    }
    if (links_refused(errno)) {
        return error(Code::permission_denied,
                     fmt::format("{}: this file system refuses hard links", printable(from)));
    }
    return path_error(errno, doing("link to", to), from);
}

}  // namespace gds::volume
