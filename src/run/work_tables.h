#pragma once

#include "gds/base/result.h"
#include "gds/state/database.h"

#include <cstdint>

namespace gds::run {

/// A folder, file or skipped item that the source asks for; 0 is the root.
using WantedNo = std::int64_t;
/// How far the record says that the volume already holds what is wanted. Such rows, most of them
/// in most runs, are passed over by what comes after the projection.
enum class Rest : std::uint8_t {
    none = 0,      ///< not held, elsewhere, or to be looked at
    in_place = 1,  ///< held at its path, with other content or another time
    current = 2,   ///< held at its path as it should be
};
/// Something on the volume that no record explains.
using StrayNo = std::int64_t;

/// The tables of one run, temporary ones of the state database, so that a plan may be larger than
/// memory. wanted: the tree the source asks for. drift: recorded entries that the disk does not
/// hold as recorded. stray: what the disk holds without a record. action: the plan.
Status create_work_tables(state::Database& db);

/// What rows of `wanted` may be looked up by besides their number.
enum class WantedBy : std::uint8_t { entry, place_and_name, item };
/// Most runs fill `wanted` and need few of its indexes, and one over what is there costs a third of
/// one that grows with it: whoever looks up many rows says so first. Not while any query is being
/// read.
Status index_wanted(state::Database& db, WantedBy by);
/// Empty `wanted` and drop its indexes; not while any query is being read either.
Status clear_wanted(state::Database& db);

/// Whether the query has a row.
Result<bool> any(state::Database& db, const char* sql);

}  // namespace gds::run
