#include "gds/volume/trash.h"

#include "durable.h"
#include "gds/base/log.h"
#include "manifest.h"
#include "walk.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace gds::volume {

namespace {

/// The number in a stored name such as "000012"; 0 where it is none.
std::int64_t number_of(std::string_view stored) {
    std::int64_t number = 0;
    const auto* end = stored.data() + stored.size();
    const auto [stop, problem] = std::from_chars(stored.data(), end, number);
    return problem == std::errc() && stop == end ? number : 0;
}

/// What a manifest needs before the next line: the header of a new one, the end of a line that a
/// crash tore, or nothing.
Result<std::string> lead_in(const Fd& manifest, const std::string& path,
                            const std::string& run_id) {
    struct stat raw {};
    if (::fstat(manifest.get(), &raw) != 0) {
        return path_error(errno, "stat", path);
    }
    if (raw.st_size == 0) {
        return manifest_header(run_id, wall_clock_ms());
    }
    char last = '\n';
    if (::pread(manifest.get(), &last, 1, raw.st_size - 1) < 0) {
        return path_error(errno, "read", path);
    }
    return std::string(last == '\n' ? "" : "\n");
}

}  // namespace

Trash::Trash(const Volume& volume, std::string run_id, bool keep)
    : volume_(volume),
      run_id_(std::move(run_id)),
      folder_(trash_run_path(run_id_).value_or("")),
      keep_(keep) {}

Status Trash::prepare_folder() {
    if (folder_.empty()) {
        return error(Code::internal,
                     fmt::format("'{}' cannot name a run's trash", printable(run_id_)));
    }
    GDS_CHECK(make_state_dir(volume_));
    auto made = volume_.make_dir(folder_, 0700);
    if (!made && made.error().code != Code::conflict) {
        return made;
    }
    // The same run may have filled it before, through another object.
    std::int64_t highest = 0;
    auto read = read_manifest_lines(volume_, folder_, [&](std::string_view line) {
        if (const auto entry = parse_manifest_line(line)) {
            highest = std::max(highest, number_of(entry->stored));
        }
        return true;
    });
    if (!read && read.error().code != Code::not_found) {
        return read;
    }
    next_ = highest + 1;
    return {};
}

Status Trash::announce(std::vector<TrashEntry>& entries) {
    if (!keep_ || entries.empty()) {
        return {};
    }
    const std::scoped_lock lock(announcing_);
    if (next_ == 0) {
        GDS_CHECK(prepare_folder());
    }
    const auto path = fmt::format("{}/{}", folder_, kManifestName);
    Fd fd = GDS_TRY(volume_.open_with(path, O_RDWR | O_APPEND | O_CREAT, 0600));
    std::string text = GDS_TRY(lead_in(fd, path, run_id_));
    for (auto& entry : entries) {
        entry.stored = fmt::format("{:06}", next_++);
        text += manifest_line(entry);
    }
    GDS_CHECK(write_all(fd, text, path));
    GDS_CHECK(sync_file(fd, path));
    GDS_CHECK(fd.close());
    if (!durable_) {
        GDS_CHECK(volume_.sync_dir(folder_));
        GDS_CHECK(volume_.sync_dir(trash_path()));
        durable_ = true;
    }
    return {};
}

Status Trash::put(const TrashEntry& entry) {
    if (!keep_) {
        return volume_.remove_file(entry.path);
    }
    if (entry.stored.empty()) {
        return error(Code::internal, printable(entry.path) + ": not announced to the trash");
    }
    const auto there = GDS_TRY(volume_.stat(entry.path));
    if (there && there->type == FileType::directory) {
        return error(Code::conflict, printable(entry.path) +
                                         ": a folder lies there by now, and not what was to go");
    }
    GDS_CHECK(volume_.rename(entry.path, folder_ + "/" + entry.stored));
    ++kept_;
    return {};
}

Status Trash::keep_copy(const TrashEntry& entry) {
    if (!keep_ || links_refused_) {
        return {};
    }
    if (entry.stored.empty()) {
        return error(Code::internal, printable(entry.path) + ": not announced to the trash");
    }
    auto linked = volume_.link(entry.path, folder_ + "/" + entry.stored);
    if (linked) {
        ++kept_;
        return {};
    }
    if (linked.error().code != Code::permission_denied) {
        return linked;
    }
    if (!links_refused_.exchange(true)) {
        log::warn("replaced files are not kept: the file system refuses hard links",
                  {{"path", printable(entry.path)}});
    }
    return {};
}

}  // namespace gds::volume
