#pragma once

#include "store.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace emulator {

/// Shows a directory as My Drive. What changes on disk becomes changes of the tree, with feed
/// entries; ids follow inodes, so that a rename on disk is a rename on Drive.
class DiskSource {
public:
    DiskSource(Store& store, std::string root) : store_(store), root_(std::move(root)) {}

    /// Take up what changed since the last scan. Unless forced, not more often than every 200 ms
    /// and never for more than a tenth of the time. False where the directory cannot be read.
    bool scan(bool force);

private:
    struct Seen {
        std::string id;
        std::string parent;  ///< id
        std::string name;    ///< on disk
        std::string path;
        std::int64_t size = 0;
        std::int64_t modified_ms = 0;
        std::int64_t modified_ns = 0;
        bool folder = false;
    };
    using Snapshot = std::map<std::string, Seen>;  ///< by id

    bool walk(const std::string& path, const std::string& parent, Snapshot& out,
              std::vector<std::string>& order) const;
    void add(const Seen& seen);
    void update(const Seen& old, const Seen& now);
    void set_content(const Seen& seen, Item& item) const;

    Store& store_;
    std::string root_;
    std::mutex mutex_;
    Snapshot last_;
    bool loaded_ = false;
    std::int64_t next_scan_ns_ = 0;
};

}  // namespace emulator
