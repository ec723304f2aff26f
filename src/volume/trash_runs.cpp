// Trash as a whole: what runs it holds, and how they leave it.
#include "gds/base/log.h"
#include "gds/volume/trash.h"
#include "manifest.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::volume {

namespace {

/// Names removed per pass over a folder: bounds memory, and file systems (NFS) whose listing skips
/// entries while others go are read again.
constexpr std::size_t kBatch = 1000;

void ignore(std::string_view name, std::string_view why) {
    log::warn("something in the trash is left alone; remove it by hand if nobody needs it",
              {{"entry", fmt::format("{}/{}", trash_path(), printable(name))}, {"why", why}});
}

/// When the run began, by its manifest; nullopt where that cannot be read.
std::optional<std::int64_t> created_ms(const Volume& volume, const std::string& folder) {
    std::optional<std::int64_t> created;
    // An unreadable manifest is no run's: the caller says so.
    (void)read_manifest_lines(volume, folder, [&](std::string_view line) {
        created = created_of_header(line);
        return false;
    });
    return created;
}

/// What a crash leaves between making the folder and its manifest: nothing worth keeping.
Result<bool> holds_nothing(const Volume& volume, const std::string& folder) {
    bool nothing = true;
    GDS_CHECK(volume.read_dir(folder, [&](const DirEntry& entry) {
        nothing = nothing && entry.name == kManifestName;
        return Status();
    }));
    return nothing;
}

Result<TrashRun> measure(const Volume& volume, const std::string& name, const std::string& folder,
                         std::int64_t created) {
    TrashRun run;
    run.run_id = name;
    run.created_ms = created;
    GDS_CHECK(volume.read_dir(folder, [&](const DirEntry& entry) {
        if (entry.name == kManifestName || entry.stat.type == FileType::directory) {
            return Status();
        }
        ++run.files;
        if (entry.stat.type == FileType::file && entry.stat.links == 1) {
            run.bytes += entry.stat.size;
        }
        return Status();
    }));
    return run;
}

/// The run in one folder of the trash; nullopt where it is none of ours or an empty leftover.
Result<std::optional<TrashRun>> look_at(const Volume& volume, const std::string& name) {
    const auto folder = GDS_TRY(trash_run_path(name));
    if (const auto created = created_ms(volume, folder)) {
        return std::optional(GDS_TRY(measure(volume, name, folder, *created)));
    }
    if (!GDS_TRY(holds_nothing(volume, folder))) {
        ignore(name, "it has no readable manifest");
    }
    return std::optional<TrashRun>();
}

Result<std::vector<std::string>> folders_in_trash(const Volume& volume) {
    std::vector<std::string> names;
    auto read = volume.read_dir(trash_path(), [&](const DirEntry& entry) {
        if (entry.stat.type == FileType::directory) {
            names.push_back(entry.name);
        } else {
            ignore(entry.name, "it is not a folder");
        }
        return Status();
    });
    if (!read && read.error().code != Code::not_found) {
        return read.error();
    }
    return names;
}

/// Up to kBatch names that are no folders, the manifest left out.
Result<std::vector<std::string>> next_batch(const Volume& volume, const std::string& folder) {
    std::vector<std::string> names;
    auto read = volume.read_dir(folder, [&](const DirEntry& entry) -> Status {
        if (names.size() == kBatch) {
            return error(Code::cancelled, "enough");
        }
        if (entry.stat.type != FileType::directory && entry.name != kManifestName) {
            names.push_back(entry.name);
        }
        return {};
    });
    if (!read && names.size() < kBatch) {
        return read.error();
    }
    return names;
}

/// Folders that a crash left without a whole manifest. One that cannot go is looked at next time.
void drop_leftovers(const Volume& volume) {
    const auto names = folders_in_trash(volume);
    if (!names) {
        return;
    }
    for (const auto& name : *names) {
        const auto folder = trash_path() + "/" + name;
        const auto nothing = holds_nothing(volume, folder);
        if (nothing && *nothing && !created_ms(volume, folder)) {
            (void)drop_trash_run(volume, name);
        }
    }
}

}  // namespace

Result<std::vector<TrashRun>> list_trash(const Volume& volume) {
    const auto names = GDS_TRY(folders_in_trash(volume));
    std::vector<TrashRun> runs;
    for (const auto& name : names) {
        auto run = look_at(volume, name);
        if (!run) {
            ignore(name, run.error().message);
        } else if (*run) {
            runs.push_back(std::move(**run));
        }
    }
    std::sort(runs.begin(), runs.end(), [](const TrashRun& a, const TrashRun& b) {
        return std::tie(a.created_ms, a.run_id) < std::tie(b.created_ms, b.run_id);
    });
    return runs;
}

Result<std::vector<TrashEntry>> read_trash_manifest(const Volume& volume,
                                                    const std::string& run_id) {
    const auto folder = GDS_TRY(trash_run_path(run_id));
    std::vector<TrashEntry> entries;
    std::int64_t number = 0;
    auto read = read_manifest_lines(volume, folder, [&](std::string_view line) {
        ++number;
        if (auto entry = parse_manifest_line(line)) {
            entries.push_back(std::move(*entry));
        } else if (!line.empty() && !(number == 1 && created_of_header(line))) {
            log::warn("a line of a trash manifest is damaged and left out",
                      {{"run", printable(run_id)}, {"line", number}});
        }
        return true;
    });
    if (!read && read.error().code == Code::not_found) {
        return error(
            Code::not_found,
            fmt::format("the trash holds no run '{}'; it may have expired", printable(run_id)));
    }
    if (!read) {
        return read.error();
    }
    return entries;
}

Status drop_trash_run(const Volume& volume, const std::string& run_id) {
    const auto folder = GDS_TRY(trash_run_path(run_id));
    for (;;) {
        const auto names = GDS_TRY(next_batch(volume, folder));
        if (names.empty()) {
            break;
        }
        for (const auto& name : names) {
            GDS_CHECK(volume.remove_file(fmt::format("{}/{}", folder, name)));
        }
    }
    // The manifest goes last: until then the rest can still be restored.
    auto manifest = volume.remove_file(folder + "/" + std::string(kManifestName));
    if (!manifest && manifest.error().code != Code::not_found) {
        return manifest;
    }
    return volume.remove_dir(folder);
}

Result<std::int64_t> expire_trash(const Volume& volume, Millis keep, std::int64_t max_bytes,
                                  std::int64_t now_ms) {
    drop_leftovers(volume);
    const auto runs = GDS_TRY(list_trash(volume));
    std::int64_t total = 0;
    for (const auto& run : runs) {
        total += run.bytes;
    }
    for (const auto& run : runs) {
        const bool old = now_ms - run.created_ms >= keep.count();
        const bool too_much = max_bytes >= 0 && total > max_bytes;
        if (!old && !too_much) {
            continue;
        }
        if (auto dropped = drop_trash_run(volume, run.run_id); dropped) {
            total -= run.bytes;
        } else {
            log::warn("a run's trash could not be removed; it is tried again after the next run",
                      {{"run", printable(run.run_id)}, {"why", dropped.error().message}});
        }
    }
    return total;
}

}  // namespace gds::volume
