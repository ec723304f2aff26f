#pragma once

#include "gds/base/result.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"
#include "work_tables.h"

#include <string>

namespace gds::run {

/// Fills `invisible`: what of the record a filter leaves out, with all below it. That is what lies
/// at a path that the filter rejects, and what lies where the projection came upon its item and
/// left it out (`hidden`): too large, or under a name that was made up since another item has the
/// plain one. What an item leaves behind by moving to a path that is left out is not meant.
Status find_invisible(state::Store& store, const tree::Filter& filter);

/// Where no scan saw what lies on the volume: no folder goes that holds what is left out.
Status hold_invisible(state::Store& store);

/// How much it left out, and how many files are among that.
Result<std::int64_t> count_invisible(state::Store& store);
Result<std::int64_t> count_invisible_files(state::Store& store);

/// Whether it left this one out.
Result<bool> is_invisible(state::Store& store, state::EntryNo entry);

/// Whether something that is taken asks for this path: then nothing that is left out keeps it.
Result<bool> is_asked_for(state::Store& store, WantedNo parent, const std::string& name);

}  // namespace gds::run
