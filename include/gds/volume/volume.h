#pragma once

#include "gds/base/cancel.h"
#include "gds/base/fd.h"
#include "gds/base/result.h"
#include "gds/base/text.h"
#include "gds/crypto/digest.h"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::volume {

/// Name of our directory in the destination's root: lock, staging, trash, volume.json, database.
inline constexpr std::string_view kStateDirName = ".gdrive-sync";

enum class FileType : std::uint8_t { file, directory, symlink, other };

/// What lstat says of one entry, as far as a mirror cares.
struct Stat {
    FileType type = FileType::other;
    std::int64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t links = 1;
    std::uint32_t mode = 0;
};

struct DirEntry {
    std::string name;
    Stat stat;
};

/// What utimensat() and futimens() take to set an mtime and leave the atime.
std::array<timespec, 2> modification_time(std::int64_t ms);

/// The destination directory. Every path is relative to it, '/' between names, "" for itself; each
/// component is opened without following symlinks, and a path with "", "." or ".." as a component
/// is refused, so nothing outside can be touched (law 7), nor what lies on a file system that is
/// mounted somewhere below (conflict). Paths longer than PATH_MAX work.
/// Thread-safe: holds nothing but the root's descriptor.
class Volume {
public:
    /// Error: not_found, io, invalid_argument where it is not a directory.
    static Result<Volume> open(const std::string& destination);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::uint64_t device() const { return device_; }

    /// nullopt where nothing is there (or a parent is no directory). Of a symlink, the link itself.
    Result<std::optional<Stat>> stat(std::string_view relative) const;
    /// A directory's descriptor (O_DIRECTORY, no symlinks).
    Result<Fd> open_dir(std::string_view relative) const;
    /// A regular file for reading, without touching its access time where allowed. Error: conflict
    /// where it is anything else.
    Result<Fd> open_file(std::string_view relative) const;
    /// Call `each` for every entry but "." and "..", in no order. An entry that vanishes is left
    /// out.
    Status read_dir(std::string_view relative,
                    const std::function<Status(const DirEntry&)>& each) const;

    /// Error: conflict where something is there already.
    Status make_dir(std::string_view relative, unsigned mode) const;
    /// rename(2) that never replaces: error conflict where the target exists.
    Status rename(std::string_view from, std::string_view to) const;
    /// rename(2) over an existing file. The old name goes even where both were links of one file.
    Status rename_over(std::string_view from, std::string_view to) const;
    /// RENAME_EXCHANGE; error conflict where the file system has no such thing.
    Status exchange(std::string_view a, std::string_view b) const;
    /// Hard link; error conflict where the target exists, permission_denied where links are
    /// refused.
    Status link(std::string_view from, std::string_view to) const;
    Status remove_file(std::string_view relative) const;
    /// Error: conflict where it is not empty.
    Status remove_dir(std::string_view relative) const;
    /// Set a file's mtime and return what the file system made of it.
    Result<std::int64_t> set_mtime_ms(std::string_view relative, std::int64_t mtime_ms) const;
    /// Raw digest of a file's bytes; stops at `cancel`.
    Result<std::string> digest(std::string_view relative, crypto::Algorithm algorithm,
                               const Cancel& cancel) const;
    /// fsync of a directory; file systems without it (EINVAL) count as done.
    Status sync_dir(std::string_view relative) const;
    /// Everything written to this file system is on disk (syncfs).
    Status sync_all() const;

    struct Space {
        std::int64_t free_bytes = 0;  ///< for this user
        std::int64_t total_bytes = 0;
    };
    Result<Space> space() const;

    /// open(2) of any entry, with O_NOFOLLOW and O_CLOEXEC added; `mode` is for O_CREAT.
    Result<Fd> open_with(std::string_view relative, int flags, unsigned mode = 0) const;

private:
    friend class Cursor;  // resolves every path, from the root's descriptor on
    Volume(std::string path, Fd root, std::uint64_t device);

    std::string path_;
    Fd root_;
    std::uint64_t device_ = 0;
};

/// A small file in DEST/.gdrive-sync; nullopt where there is none.
Result<std::optional<std::string>> read_own_file(const Volume& volume, std::string_view name);
/// Replace it as a whole: written aside, made durable, renamed.
Status replace_own_file(const Volume& volume, std::string_view name, std::string_view text);

/// Make DEST/.gdrive-sync and its folders (mode 0700) where they are missing.
Status make_state_dir(const Volume& volume);

/// True for what is never scanned, counted or deleted: our directory and lost+found at the root,
/// .nfs* anywhere, .snapshot and .zfs anywhere. Mount points are found by device instead.
bool is_reserved(std::string_view relative_dir, std::string_view name);

/// The only right to work on a destination: flock on DEST/.gdrive-sync/lock, with host, pid and run
/// id written into it for people. Released when destroyed or when the process dies.
class Lock {
public:
    /// Error: busy, with what the holder wrote, where it is still held after `wait`.
    static Result<Lock> acquire(const Volume& volume, const std::string& run_id, Millis wait,
                                const Cancel& cancel);

private:
    explicit Lock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

/// volume.json: what the database alone must not hold. Replaced by rename, fsynced.
struct Marker {
    std::string volume_id;
    std::string account;  ///< permissionId of the account
    std::string root_id;  ///< the mirrored folder
    std::string source;   ///< as the operator named it
    std::string withheld_plan;
    std::string approved_plan;  ///< approved and not yet used
    std::vector<std::string> used_approvals;
    std::vector<std::string> resync_ids;
    std::string last_full_listing;  ///< RFC 3339, informative
};

/// nullopt where there is none. Error: io, or invalid_argument for a damaged one (message says what
/// to do).
Result<std::optional<Marker>> read_marker(const Volume& volume);
Status write_marker(const Volume& volume, const Marker& marker);

}  // namespace gds::volume
