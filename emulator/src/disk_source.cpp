#include "disk_source.h"

#include "digest.h"
#include "edits.h"
#include "free_with.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace emulator {
namespace {

/// Files with these endings stand for what has no bytes of its own on Drive.
struct Stand {
    std::string_view ending;
    std::string_view type;
};
constexpr auto kStands = std::to_array<Stand>({{".gdoc", "document"},
                                               {".gsheet", "spreadsheet"},
                                               {".gslides", "presentation"},
                                               {".gdraw", "drawing"},
                                               {".gform", "form"},
                                               {".gshortcut", "shortcut"}});

const Stand* stand_for(std::string_view name) {
    const auto* const found = std::find_if(kStands.begin(), kStands.end(), [&](const Stand& stand) {
        return name.size() > stand.ending.size() && name.ends_with(stand.ending);
    });
    return found == kStands.end() ? nullptr : found;
}

/// From inode and birth time: it survives renames and restarts, but not the reuse of the inode.
std::string id_of(const struct statx& stat) {
    const std::string key = std::to_string(stat.stx_ino) + "." +
                            std::to_string(stat.stx_btime.tv_sec) + "." +
                            std::to_string(stat.stx_btime.tv_nsec);
    return "1" + to_base64url(digest(Hash::sha256, key)).substr(0, 32);
}

std::int64_t steady_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

std::vector<std::string> entries_of(const std::string& path, bool& ok) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, FreeWith<::closedir>> dir(::opendir(path.c_str()));
    ok = dir != nullptr;
    if (!dir) {
        return names;
    }
    // Each thread reads a stream of its own, which readdir() allows.
    while (const dirent* entry = ::readdir(dir.get())) {  // NOLINT(concurrency-mt-unsafe)
        const std::string_view name = &entry->d_name[0];
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

bool DiskSource::walk(const std::string& path, const std::string& parent, Snapshot& out,
                      std::vector<std::string>& order) const {
    bool ok = false;
    for (const std::string& name : entries_of(path, ok)) {
        struct statx stat {};
        std::string full = path;
        full.append("/").append(name);
        if (::statx(AT_FDCWD, full.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME,
                    &stat) != 0 ||
            !(S_ISDIR(stat.stx_mode) || S_ISREG(stat.stx_mode))) {
            continue;
        }
        Seen seen;
        seen.id = id_of(stat);
        seen.parent = parent;
        seen.name = name;
        seen.path = full;
        seen.folder = S_ISDIR(stat.stx_mode);
        seen.size = seen.folder ? 0 : static_cast<std::int64_t>(stat.stx_size);
        seen.modified_ms = stat.stx_mtime.tv_sec * 1000 + stat.stx_mtime.tv_nsec / 1000000;
        seen.modified_ns = stat.stx_mtime.tv_nsec;
        const std::string id = seen.id;
        const bool folder = seen.folder;
        if (out.emplace(id, std::move(seen)).second) {
            order.push_back(id);
        }
        if (folder) {
            walk(full, id, out, order);
        }
    }
    return ok;
}

bool DiskSource::scan(bool force) {
    std::unique_lock guard(mutex_, std::defer_lock);
    if (force || !loaded_) {
        guard.lock();
    } else if (!guard.try_lock() || steady_ns() < next_scan_ns_) {
        return true;
    }
    const std::int64_t begin = steady_ns();
    Snapshot now;
    std::vector<std::string> order;
    if (!walk(root_, std::string(kRootId), now, order)) {
        return false;
    }
    {
        const auto lock = store_.write();
        // Shortcuts come last, when what they lead to is there.
        for (const bool shortcuts : {false, true}) {
            for (const std::string& id : order) {
                const Seen& seen = now.at(id);
                if (seen.name.ends_with(".gshortcut") != shortcuts) {
                    continue;
                }
                const auto old = last_.find(id);
                old == last_.end() ? add(seen) : update(old->second, seen);
            }
        }
        for (const auto& [id, seen] : last_) {
            if (!now.contains(id)) {
                store_.remove(id);
            }
        }
    }
    last_ = std::move(now);
    loaded_ = true;
    const std::int64_t took = steady_ns() - begin;
    next_scan_ns_ = steady_ns() + std::max<std::int64_t>(200'000'000, 10 * took);
    return true;
}

void DiskSource::set_content(const Seen& seen, Item& item) const {
    item.name = seen.name;
    item.modified_ms = seen.modified_ms;
    if (seen.folder) {
        item.mime_type = kFolder;
        return;
    }
    item.content = make_file(seen.path, seen.size);
    const Stand* stand = stand_for(seen.name);
    if (stand == nullptr) {
        item.mime_type = guess_mime_type(seen.name);
        return;
    }
    item.name.resize(item.name.size() - stand->ending.size());
    item.mime_type = std::string(kGooglePrefix) + std::string(stand->type);
    if (stand->type == "shortcut") {
        std::string target = item.content->read(0, 4096);
        target.erase(target.find_last_not_of(" \n\r") + 1);
        const ItemPtr by_id = store_.tree().find(target);
        const ItemPtr found = by_id ? by_id : store_.tree().at_path(target);
        item.target_id = found ? found->id : target;
        item.target_mime_type = found ? found->mime_type : "application/octet-stream";
        item.content = nullptr;
    }
}

void DiskSource::add(const Seen& seen) {
    Item item;
    item.id = seen.id;
    item.parent = seen.parent;
    item.created_ms = seen.modified_ms;
    set_content(seen, item);
    loaded_ ? store_.create(std::move(item)) : store_.load(std::move(item));
}

void DiskSource::update(const Seen& old, const Seen& now) {
    const bool bytes = !now.folder && (old.size != now.size || old.modified_ms != now.modified_ms ||
                                       old.modified_ns != now.modified_ns);
    if (old.parent != now.parent) {
        store_.move(now.id, now.parent);
    }
    if (bytes || old.name != now.name) {
        store_.change(now.id, [&](Item& item) {
            set_content(now, item);
            item.revision += bytes ? 1 : 0;
        });
    } else if (old.path != now.path && !now.folder) {
        // A folder above was renamed: only the place of the bytes is another, Drive sees nothing.
        store_.relocate(now.id, make_file(now.path, now.size));
    }
}

}  // namespace emulator
