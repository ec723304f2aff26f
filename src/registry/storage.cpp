#include "storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gds::registry {

namespace {

/// A sha512 link has 135 bytes; what is longer is no link.
constexpr std::size_t kLongestLink = 256;

bool is_absence(int errno_value) {
    return errno_value == ENOENT || errno_value == ENOTDIR;
}

Result<std::string> read_at_most(const Fd& file, std::size_t limit, const std::string& path) {
    std::string text;
    std::array<char, 1 << 16> block{};
    while (text.size() < limit) {
        const auto got =
            ::read(file.get(), block.data(), std::min(block.size(), limit - text.size()));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno_error(errno, path);
        }
        if (got == 0) {
            break;
        }
        text.append(block.data(), static_cast<std::size_t>(got));
    }
    return text;
}

struct DirCloser {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

Storage::Entry::Type type_of(int dir, const dirent& entry) {
    using EntryType = Storage::Entry::Type;
    if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) {
        return entry.d_type == DT_DIR ? EntryType::directory : EntryType::other;
    }
    struct stat info {};
    if (::fstatat(dir, entry.d_name, &info, 0) != 0) {
        return is_absence(errno) ? EntryType::absent : EntryType::unreadable;
    }
    return S_ISDIR(info.st_mode) ? EntryType::directory : EntryType::other;
}

std::string digest_path(std::string_view above, const Digest& digest) {
    return fmt::format("{}/{}/{}/link", above, digest.algorithm(), digest.hex());
}

}  // namespace

Result<Storage> Storage::open(const std::string& directory) {
    for (const char* below : {"/docker/registry/v2", ""}) {
        const std::string path = directory + below;
        Fd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!root) {
            if (*below == '\0') {
                return errno_error(errno, directory);
            }
            continue;
        }
        Storage storage(std::move(root));
        if (*below != '\0' || GDS_TRY(storage.exists("repositories")) ||
            GDS_TRY(storage.exists("blobs"))) {
            return storage;
        }
    }
    return error(Code::not_found,
                 fmt::format("{}: no registry keeps its files here: neither docker/registry/v2 nor "
                             "repositories is in it (is the volume mounted?)",
                             directory));
}

int Storage::open_quietly(const std::string& path, int flags) const {
    if (quiet_->load(std::memory_order_relaxed)) {
        const int fd = ::openat(root_.get(), path.c_str(), flags | O_CLOEXEC | O_NOATIME);
        if (fd >= 0 || errno != EPERM) {
            return fd;
        }
        quiet_->store(false, std::memory_order_relaxed);
    }
    return ::openat(root_.get(), path.c_str(), flags | O_CLOEXEC);
}

Result<std::vector<Storage::Entry>> Storage::list(const std::string& path) const {
    std::vector<Entry> entries;
    const int fd = open_quietly(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return is_absence(errno) ? Result<std::vector<Entry>>(std::move(entries))
                                 : errno_error(errno, path);
    }
    const std::unique_ptr<DIR, DirCloser> dir(::fdopendir(fd));
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(dir.get());  // NOLINT(concurrency-mt-unsafe): own stream
        if (entry == nullptr) {
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            entries.push_back({std::string(name), type_of(fd, *entry), entry->d_type == DT_LNK});
        }
    }
    if (errno != 0) {
        return errno_error(errno, path);
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
}

Result<std::vector<Digest>> Storage::digests_below(const std::string& path) const {
    std::vector<Digest> digests;
    for (const Entry& algorithm : GDS_TRY(list(path))) {
        if (!algorithm.is_directory()) {
            continue;
        }
        for (const Entry& hex : GDS_TRY(list(path + "/" + algorithm.name))) {
            auto digest = Digest::parse(algorithm.name + ":" + hex.name);
            if (hex.is_directory() && digest && algorithm_of(*digest)) {
                digests.push_back(*std::move(digest));
            }
        }
    }
    return digests;
}

Result<bool> Storage::exists(const std::string& path) const {
    struct stat info {};
    if (::fstatat(root_.get(), path.c_str(), &info, 0) == 0) {
        return true;
    }
    return is_absence(errno) ? Result<bool>(false) : errno_error(errno, path);
}

bool Storage::is_obstructed(const std::string& directory) const {
    const Fd opened(::openat(root_.get(), directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    return !opened && errno == ENOTDIR;
}

bool Storage::is_same_directory(const std::string& a, const std::string& b) const {
    struct stat one {};
    struct stat other {};
    return ::fstatat(root_.get(), a.c_str(), &one, 0) == 0 &&
           ::fstatat(root_.get(), b.c_str(), &other, 0) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

Result<Link> Storage::link(const std::string& path) const {
    static constexpr std::int64_t kNoFile = -1;
    const Fd file(open_quietly(path, O_RDONLY | O_NONBLOCK));
    if (!file && errno == ENOTDIR) {
        return Link{Link::State::damaged, {}, kNoFile};
    }
    if (!file) {
        return is_absence(errno) ? Result<Link>(Link{}) : errno_error(errno, path);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) {
        return errno_error(errno, path);
    }
    if (!S_ISREG(info.st_mode)) {
        return Link{Link::State::damaged, {}, kNoFile};
    }
    const std::string text = GDS_TRY(read_at_most(file, kLongestLink, path));
    auto target = Digest::parse(text);
    const auto bytes = static_cast<std::int64_t>(text.size());
    if (!target || !algorithm_of(*target)) {  // the registry knows no others, either
        return Link{Link::State::damaged, {}, bytes};
    }
    return Link{Link::State::valid, *std::move(target), bytes};
}

Result<std::optional<std::int64_t>> Storage::blob_size(const Digest& digest) const {
    const std::string path = blob_path(digest);
    struct stat info {};
    if (::fstatat(root_.get(), path.c_str(), &info, 0) != 0) {
        return is_absence(errno) ? Result<std::optional<std::int64_t>>(std::nullopt)
                                 : errno_error(errno, path);
    }
    return S_ISREG(info.st_mode) ? std::optional<std::int64_t>(info.st_size) : std::nullopt;
}

Result<Fd> Storage::open_blob(const Digest& digest) const {
    const std::string path = blob_path(digest);
    Fd file(open_quietly(path, O_RDONLY | O_NONBLOCK));
    if (!file) {
        return is_absence(errno) ? error(Code::not_found, path) : errno_error(errno, path);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) {
        return errno_error(errno, path);
    }
    if (!S_ISREG(info.st_mode)) {
        return error(Code::not_found, path + ": not a file");
    }
    return file;
}

Result<std::optional<std::string>> Storage::blob(const Digest& digest, std::int64_t limit) const {
    auto file = open_blob(digest);
    if (!file) {
        return file.error().code == Code::not_found
                   ? Result<std::optional<std::string>>(std::nullopt)
                   : file.error();
    }
    return GDS_TRY(read_at_most(*file, static_cast<std::size_t>(limit) + 1, blob_path(digest)));
}

std::string Storage::blob_path(const Digest& digest) {
    return blob_directory(digest) + "/data";
}

std::string Storage::blob_directory(const Digest& digest) {
    return fmt::format("blobs/{}/{}/{}", digest.algorithm(), digest.hex().substr(0, 2),
                       digest.hex());
}

std::string Storage::repository_path(const std::string& repository) {
    return "repositories/" + repository;
}

std::string Storage::revision_path(const std::string& repository, const Digest& digest) {
    return digest_path(revisions_path(repository), digest);
}

std::string Storage::layer_path(const std::string& repository, const Digest& digest) {
    return digest_path(repository_path(repository) + "/_layers", digest);
}

std::string Storage::tags_path(const std::string& repository) {
    return repository_path(repository) + "/_manifests/tags";
}

std::string Storage::revisions_path(const std::string& repository) {
    return repository_path(repository) + "/_manifests/revisions";
}

}  // namespace gds::registry
