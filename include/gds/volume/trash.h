#pragma once

#include "gds/volume/volume.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace gds::volume {

/// What the trash remembers of one file.
struct TrashEntry {
    std::string path;      ///< where it was
    std::string stored;    ///< name inside the run's folder
    std::string why;       ///< "deleted" or "replaced"
    std::string id;        ///< Drive's id; empty for unmanaged files
    std::string checksum;  ///< hex; may be empty
    std::int64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::string successor = {};  ///< hex checksum of what replaced it, if anything
};

struct TrashRun {
    std::string run_id;
    std::int64_t created_ms = 0;
    std::int64_t bytes = 0;  ///< of files that only the trash still links
    std::int64_t files = 0;
};

/// DEST/.gdrive-sync/trash/RUN: files that one run removed or replaced, with a manifest
/// (manifest.jsonl, a header and one TrashEntry a line) that is durable before the first of them
/// moves. Thread-safe. What put() and keep_copy() do is durable once the caller syncs.
class Trash {
public:
    /// `keep` false: nothing is kept, put() removes and keep_copy() does nothing.
    Trash(const Volume& volume, std::string run_id, bool keep);

    /// Write entries to the manifest and make it durable; fills `stored`. Call before
    /// put/keep_copy.
    Status announce(std::vector<TrashEntry>& entries);
    /// Move a file or symlink there (or remove it where nothing is kept).
    Status put(const TrashEntry& entry);
    /// Hard-link a file there before it is replaced. Where the file system refuses links, nothing
    /// is kept: links_refused() turns true, and the result is still success.
    Status keep_copy(const TrashEntry& entry);
    [[nodiscard]] bool links_refused() const { return links_refused_; }
    /// Files kept by this object.
    [[nodiscard]] std::int64_t kept() const { return kept_; }
    /// The run's folder, relative to the destination; for the caller's sync_dir().
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    Status prepare_folder();

    const Volume& volume_;
    std::string run_id_;
    std::string folder_;
    bool keep_ = true;
    std::atomic<bool> links_refused_ = false;
    std::atomic<std::int64_t> kept_ = 0;
    std::mutex announcing_;
    std::int64_t next_ = 0;  ///< number of the next file; 0 before the first announce()
    bool durable_ = false;   ///< the folder itself has been synced
};

/// All runs in the trash, oldest first. What is no run of ours is left alone, with a warning.
Result<std::vector<TrashRun>> list_trash(const Volume& volume);
Result<std::vector<TrashEntry>> read_trash_manifest(const Volume& volume,
                                                    const std::string& run_id);
/// Remove one run's folder for good. Error: conflict where it holds folders, which we never put
/// there.
Status drop_trash_run(const Volume& volume, const std::string& run_id);
/// Remove runs older than `keep` (by their creation against `now_ms`), then the oldest until all
/// together take at most `max_bytes` (-1 for no bound). Returns the bytes that remain.
Result<std::int64_t> expire_trash(const Volume& volume, Millis keep, std::int64_t max_bytes,
                                  std::int64_t now_ms);

}  // namespace gds::volume
