#pragma once

#include "gds/base/result.h"
#include "gds/state/store.h"
#include "gds/volume/volume.h"

#include <cstdint>

namespace gds::run {

/// Bytes that the planned downloads have to bring, beyond what documents are exported to.
Result<std::int64_t> bytes_to_fetch(state::Store& store);

/// Where room is short: how much of that is taken already, by partials that planned downloads go on
/// with. All other partials are removed.
Result<std::int64_t> keep_useful_partials(state::Store& store, const volume::Volume& volume);

}  // namespace gds::run
