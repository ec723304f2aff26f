#include "group.h"

#include "gds/base/text.h"
#include "gds/volume/cursor.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

namespace gds::transfer {

namespace {

using volume::Cursor;
using volume::FileType;

/// Up to so many fsyncs are cheaper than one syncfs, which also writes out what others left dirty.
constexpr std::size_t kSingleSyncs = 8;

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

class Group {
public:
    Group(const volume::Volume& volume, volume::Trash& trash, std::vector<Staged> files)
        : volume_(volume), trash_(trash) {
        items_.reserve(files.size());
        for (auto& file : files) {
            Item item;
            item.file = std::move(file);
            items_.push_back(std::move(item));
        }
    }

    GroupResult publish() {
        for_live(check_replaced);
        sync_files();
        announce();
        for_live([this](Item& item, Cursor& cursor) { return rename(item, cursor); });
        sync_directories();
        for_live(look);
        return finish();
    }

private:
    struct Item {
        Staged file;
        bool renamed = false;
        std::optional<Error> failure;
    };

    /// Runs a step for every item without a failure; its error becomes the item's. The cursor ends
    /// with the pass, a burst of at most a group's calls, and is never kept while bytes are made
    /// durable: a folder that somebody moves away stays in use no longer than that, which no system
    /// call can rule out for its own length either. Files that went along are not recorded: look()
    /// resolves their folder anew and misses them.
    void for_live(const std::function<Status(Item&, Cursor&)>& step) {
        Cursor cursor(volume_);
        for (auto& item : items_) {
            if (!item.failure) {
                if (auto done = step(item, cursor); !done) {
                    item.failure = std::move(done).error();
                }
            }
        }
    }

    /// A file that is replaced must be what the plan saw. One that vanished meanwhile leaves its
    /// path free, which is as good. (That a free path still is, the rename itself finds out.)
    static Status check_replaced(Item& item, Cursor& cursor) {
        if (!item.file.replaces) {
            return {};
        }
        const auto& path = item.file.path;
        const auto there = GDS_TRY(cursor.stat(path));
        if (!there) {
            item.file.replaces.reset();
            return {};
        }
        const auto& planned = *item.file.replaces;
        if (there->type != FileType::file || there->size != planned.size ||
            there->mtime_ns != planned.mtime_ns) {
            return error(
                Code::conflict,
                fmt::format("{}: changed locally during the run; the next run decides anew",
                            printable(path)));
        }
        return {};
    }

    Status sync_file(const Item& item) const {
        const Fd fd = GDS_TRY(volume_.open_file(item.file.staging));
        if (::fsync(fd.get()) != 0) {
            return errno_error(errno, item.file.staging + ": cannot make it durable");
        }
        return {};
    }

    void sync_files() {
        const auto live = std::count_if(items_.begin(), items_.end(),
                                        [](const Item& item) { return !item.failure; });
        // syncfs also reports what other programs' writes met: then each file is asked by itself.
        if (static_cast<std::size_t>(live) > kSingleSyncs && volume_.sync_all()) {
            return;
        }
        for_live([this](Item& item, Cursor&) { return sync_file(item); });
    }

    void announce() {
        std::vector<volume::TrashEntry> entries;
        std::vector<Item*> owners;
        for (auto& item : items_) {
            if (!item.failure && item.file.replaces) {
                auto& entry = *item.file.replaces;
                if (entry.successor.empty()) {
                    entry.successor = to_hex(item.file.content.digest);
                }
                entries.push_back(entry);
                owners.push_back(&item);
            }
        }
        const auto announced = trash_.announce(entries);
        for (std::size_t i = 0; i < owners.size(); ++i) {
            if (announced) {
                owners[i]->file.replaces = std::move(entries[i]);
            } else {
                owners[i]->failure = announced.error();
            }
        }
    }

    Status rename(Item& item, Cursor& cursor) {
        const auto& file = item.file;
        if (file.replaces) {
            GDS_CHECK(trash_.keep_copy(*file.replaces));
            GDS_CHECK(cursor.rename_over(file.staging, file.path));
        } else {
            GDS_CHECK(rename_to_free(file, cursor));
        }
        item.renamed = true;
        return {};
    }

    static Status rename_to_free(const Staged& file, Cursor& cursor) {
        auto renamed = cursor.rename(file.staging, file.path);
        if (renamed || renamed.error().code != Code::conflict || !GDS_TRY(cursor.stat(file.path))) {
            return renamed;
        }
        return error(Code::conflict,
                     fmt::format("{}: something else took this path during the run; the next run "
                                 "decides anew",
                                 printable(file.path)));
    }

    void sync_directories() {
        std::set<std::string> directories;
        for (const auto& item : items_) {
            if (item.renamed) {
                directories.insert(parent_of(item.file.path));
            }
            if (item.renamed && item.file.replaces && !item.file.replaces->stored.empty()) {
                directories.insert(trash_.folder());
            }
        }
        if (directories.size() > kSingleSyncs && volume_.sync_all()) {
            return;
        }
        for (const auto& directory : directories) {
            if (const auto synced = volume_.sync_dir(directory); !synced) {
                fail_in(directory, synced.error());
            }
        }
    }

    /// A rename that may not survive a crash is not recorded; the next run finds the file and
    /// adopts it by its checksum.
    void fail_in(const std::string& directory, const Error& reason) {
        for_live([&](Item& item, Cursor&) -> Status {
            const bool concerned = parent_of(item.file.path) == directory ||
                                   (item.file.replaces && directory == trash_.folder());
            return concerned ? Status(reason) : Status();
        });
    }

    static Status look(Item& item, Cursor& cursor) {
        const auto there = GDS_TRY(cursor.stat(item.file.path));
        if (!there || there->type != FileType::file || there->size != item.file.content.size) {
            return error(Code::conflict,
                         fmt::format("{}: changed locally right after it was published",
                                     printable(item.file.path)));
        }
        item.file.content.mtime_ns = there->mtime_ns;
        return {};
    }

    GroupResult finish() {
        GroupResult result;
        for (auto& item : items_) {
            if (item.failure && !item.renamed && !item.file.resumable) {
                // Where even this fails, the next clean_staging() does it.
                (void)volume_.remove_file(item.file.staging);
            }
            if (item.failure && is_fatal(item.failure->code)) {
                result.fatal = std::move(item.failure);
                continue;
            }
            Outcome outcome{item.file.token, item.file.path, Published()};
            if (item.failure) {
                outcome.result = std::move(*item.failure);
            } else {
                outcome.result = std::move(item.file.content);
            }
            result.outcomes.push_back(std::move(outcome));
        }
        return result;
    }

    const volume::Volume& volume_;
    volume::Trash& trash_;
    std::vector<Item> items_;
};

}  // namespace

bool is_fatal(Code code) {
    return code == Code::disk_full || code == Code::read_only;
}

GroupResult publish_group(const volume::Volume& volume, volume::Trash& trash,
                          std::vector<Staged> files) {
    return Group(volume, trash, std::move(files)).publish();
}

}  // namespace gds::transfer
