#pragma once

#include "gds/auth/credentials.h"
#include "gds/base/text.h"
#include "gds/http/engine.h"
#include "gds/report/progress.h"
#include "gds/tree/filter.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gds::run {

/// Which Drive folder is mirrored.
struct SourceSettings {
    std::string path;      ///< from the root, "claude/files"
    std::string id;        ///< a folder's id; wins over the path
    std::string drive_id;  ///< a shared drive
    bool shared_with_me = false;

    /// One line that says the same, kept in volume.json to notice an operator's change of mind.
    [[nodiscard]] std::string text() const;
};

/// Everything one run of `sync`, `resync` or `diff` was asked to do.
struct Settings {
    std::string command = "sync";
    SourceSettings source;
    std::string destination;
    std::string state_dir;  ///< "" for DEST/.gdrive-sync
    auth::CredentialSources credentials;
    std::string drive_endpoint, token_endpoint;
    http::Options http;

    bool full = false;        ///< a dry run sees what resync would see
    Millis full_interval{0};  ///< longest time between full listings; 0: every run
    Millis scan_interval{0};  ///< how often the destination is scanned; 0: every run
    std::string resync_id;    ///< `resync` is carried out once for each; "" for always
    Millis lock_wait{0};
    Millis max_duration{0};                    ///< 0: no bound
    std::int64_t max_delete = 25;              ///< -1: no limit
    std::optional<double> max_delete_percent;  ///< nullopt: off
    bool allow_empty_source = false;
    bool delete_unmanaged = true;
    tree::FilterOptions filter;
    std::vector<std::string> export_formats;
    Millis trash_keep{0};
    std::int64_t trash_max_size = -1;
    int transfers = 0;       ///< 0: tuned
    std::int64_t quota = 0;  ///< units of Drive's quota a minute; 0: what Google allows
    unsigned file_mode = 0666, dir_mode = 0777;

    std::string report_file, metrics_file, metrics_push, instance;
    report::ProgressMode progress = report::ProgressMode::automatic;
    std::string format = "text";  ///< of diff
    bool exit_code_on_difference = false;
    /// Files that this run's own options name; they are never part of the mirror.
    std::vector<std::string> own_files;

    [[nodiscard]] bool dry_run() const { return command == "diff"; }
    /// Every local file is read and compared, and what is parked is tried again.
    [[nodiscard]] bool as_resync() const { return command == "resync" || (dry_run() && full); }
};

}  // namespace gds::run
