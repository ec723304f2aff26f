#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"
#include "gds/volume/read_ahead.h"
#include "gds/volume/volume.h"
#include "work_tables.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace gds::run {

struct ScanOptions {
    bool hash_everything = false;
    std::set<std::string> own_files;  ///< relative paths of files this run's options name
    std::function<void(std::int64_t files, std::int64_t bytes_hashed)> progress;
};

/// Compares the destination with the recorded entries, folder by folder, and fills `drift`, `stray`
/// and `held`, passing over what find_invisible() found. Never follows a symlink, never leaves the
/// file system, never looks into what is reserved. Reads a file only where its mtime alone differs,
/// or where everything is hashed.
class Scan {
public:
    /// `directories` of `volume`, of which nothing has been taken.
    Scan(state::Store& store, const volume::Volume& volume, volume::ReadAhead& directories,
         const tree::Filter& filter, ScanOptions options, const Cancel& cancel);

    /// Error: what could not be read, or cancelled.
    Status run();

    /// Files that the mirror or the volume holds: recorded ones, be they missing, and strays.
    [[nodiscard]] std::int64_t files() const { return files_; }

private:
    struct Place {
        std::int64_t number = 0;  ///< an entry's, or minus a stray folder's
        std::string path;
        bool on_disk = true;
    };
    /// What an entry's place, kind and time are compared by.
    struct Recorded {
        state::EntryNo n = 0;
        std::string name;
        bool folder = false;
        std::int64_t size = 0;
        std::int64_t mtime_ns = 0;
    };

    Status visit_all();
    Status visit(const Place& place);
    Result<volume::ReadAhead::Entries> read(const Place& place);
    Result<std::vector<Recorded>> recorded(const Place& place);
    Status missing(const Place& place, const Recorded& entry);
    Status stray(const Place& place, const volume::DirEntry& found);
    Status both(const Place& place, const Recorded& entry, const volume::DirEntry& found);
    Status check_file(const std::string& path, const Recorded& entry, const volume::Stat& stat);
    Result<bool> same_bytes(const std::string& path, const Recorded& entry);
    Status drift(state::EntryNo entry, const char* what, const volume::Stat& stat);
    Result<bool> is_hidden(const Recorded& entry);

    state::Store& store_;
    const volume::Volume& volume_;
    volume::ReadAhead& directories_;
    const tree::Filter& filter_;
    ScanOptions options_;
    const Cancel& cancel_;
    std::deque<Place> queue_;
    std::int64_t files_ = 0;
    std::int64_t bytes_hashed_ = 0;
};

/// True where the scan found nothing at an entry's recorded path.
Result<bool> is_missing(state::Store& store, state::EntryNo entry);
/// Mark a folder (an entry's number, or minus a stray folder's) and all above it as holding
/// something that stays.
Status hold_place(state::Store& store, std::int64_t place);

}  // namespace gds::run
