#pragma once

#include "gds/base/cancel.h"
#include "gds/base/exit_code.h"
#include "gds/base/result.h"
#include "gds/run/settings.h"

#include <functional>
#include <string>
#include <string_view>

namespace gds::run {

/// Takes the answer of a command, piece by piece, for standard output.
using Output = std::function<Status(std::string_view)>;

/// One run of sync, resync or diff: list, plan, guard, apply, record. Writes the report and the
/// metrics the settings ask for; everything a person has to know goes to the log.
ExitCode mirror(const Settings& settings, Cancel& cancel, const Output& output);

/// What `status` and `approve` need.
struct VolumeSettings {
    std::string destination;
    std::string state_dir;  ///< "" for DEST/.gdrive-sync
    std::string format = "text";
    Millis lock_wait{0};
};

/// What the mirror holds, its last runs, a withheld plan, parked items.
ExitCode status(const VolumeSettings& settings, const Output& output);

/// Let the withheld plan through once, by its id.
ExitCode approve(const VolumeSettings& settings, const std::string& plan, Cancel& cancel,
                 const Output& output);

/// Whether the credentials work, for which account and scope, and whether the folder is visible.
ExitCode check_credentials(const Settings& settings, Cancel& cancel, const Output& output);

}  // namespace gds::run
