#pragma once

#include "gds/base/result.h"
#include "gds/report/status.h"
#include "gds/run/run.h"
#include "gds/state/store.h"
#include "gds/volume/volume.h"

#include <optional>

namespace gds::run {

/// Between the paths that are kept of a withheld plan: the only character that none of them holds.
constexpr char kBetweenPaths = '\0';

/// Name of the file in DEST/.gdrive-sync that holds the last view a run took of itself.
inline constexpr std::string_view kStatusFile = "status.json";

/// What database, volume.json and volume hold now.
Result<report::StatusView> take_status(state::Store& store, const volume::Volume& volume,
                                       const std::optional<volume::Marker>& marker);

/// What the command `status` tells: the database's facts, what a run that is at work says of
/// itself, and the latter alone where the database cannot be read.
Result<report::StatusView> status_view(const VolumeSettings& settings);

}  // namespace gds::run
