#pragma once

#include "gds/base/result.h"
#include "gds/state/database.h"

namespace gds::run {

/// A folder, file or skipped item that the source asks for; 0 is the root.
using WantedNo = std::int64_t;
/// Something on the volume that no record explains.
using StrayNo = std::int64_t;

/// The tables of one run, temporary ones of the state database, so that a plan may be larger than
/// memory. wanted: the tree the source asks for. drift: recorded entries that the disk does not
/// hold as recorded. stray: what the disk holds without a record. action: the plan.
Status create_work_tables(state::Database& db);

}  // namespace gds::run
