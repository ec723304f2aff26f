#pragma once

#include "gds/base/cancel.h"
#include "gds/base/fd.h"
#include "gds/base/result.h"
#include "gds/registry/digest.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gds::registry {

/// A link file, as the registry would read it.
struct Link {
    enum class State : std::uint8_t { absent, valid, damaged };
    State state = State::absent;
    Digest target = {};
    std::int64_t bytes = 0;  ///< of the file; -1 where something that is no file lies there

    [[nodiscard]] bool absent() const { return state == State::absent; }
    [[nodiscard]] bool valid() const { return state == State::valid; }
    [[nodiscard]] bool damaged() const { return state == State::damaged; }
};

/// The tree that distribution's filesystem driver keeps, for reading only. Paths are relative to
/// its docker/registry/v2. Thread-safe.
class Storage {
public:
    struct Entry {
        /// `absent` is a symbolic link that leads nowhere; `unreadable` one that cannot even be
        /// followed, at which the registry's own walks end with an error.
        enum class Type : std::uint8_t { directory, other, absent, unreadable };
        std::string name;
        Type type = Type::other;
        bool is_symlink = false;

        [[nodiscard]] bool is_directory() const { return type == Type::directory; }
    };

    /// `directory` is the registry's rootdirectory, or its docker/registry/v2. Error: not_found
    /// where it is neither.
    static Result<Storage> open(const std::string& directory);

    /// The entries of a directory, sorted; none where there is no such directory.
    Result<std::vector<Entry>> list(const std::string& path) const;
    /// The digests that the directories ALGORITHM/HEX below this one name.
    Result<std::vector<Digest>> digests_below(const std::string& path) const;
    Result<bool> exists(const std::string& path) const;
    /// Whether something else lies where this directory, or one above it, should be: what the
    /// registry answers 500 for, not 404.
    [[nodiscard]] bool is_obstructed(const std::string& directory) const;
    /// Whether both paths lead to the same directory.
    [[nodiscard]] bool is_same_directory(const std::string& a, const std::string& b) const;
    Result<Link> link(const std::string& path) const;

    /// Size of the blob's data; nullopt where there is none.
    Result<std::optional<std::int64_t>> blob_size(const Digest& digest) const;
    /// The blob's data, at most one byte more than `limit`; nullopt where there is none.
    Result<std::optional<std::string>> blob(const Digest& digest, std::int64_t limit) const;
    /// The blob's data as an open file. Error: not_found.
    Result<Fd> open_blob(const Digest& digest) const;

    static std::string blob_path(const Digest& digest);
    static std::string blob_directory(const Digest& digest);
    static std::string repository_path(const std::string& repository);
    static std::string revision_path(const std::string& repository, const Digest& digest);
    static std::string layer_path(const std::string& repository, const Digest& digest);
    static std::string tags_path(const std::string& repository);
    static std::string revisions_path(const std::string& repository);

private:
    explicit Storage(Fd root) : root_(std::move(root)) {}
    /// Without touching the access time, where the file's owner allows it.
    [[nodiscard]] int open_quietly(const std::string& path, int flags) const;

    Fd root_;
    std::unique_ptr<std::atomic<bool>> quiet_ = std::make_unique<std::atomic<bool>>(true);
};

}  // namespace gds::registry
