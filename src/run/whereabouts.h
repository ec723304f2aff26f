#pragma once

#include "gds/base/result.h"
#include "gds/state/store.h"

#include <string>

namespace gds::run {

/// Where the database lies: in `state_dir`, or in the destination's own directory where that is "".
std::string database_path(const std::string& destination, const std::string& state_dir);
/// A directory for copies that nobody keeps.
std::string temporary_directory();

/// Keep the destination's absolute path, for commands that are told the state directory only.
Status remember_destination(state::Store& store, const std::string& destination);
/// The destination whose state lies in `state_dir`. Error: invalid_argument where nothing says it.
Result<std::string> destination_of(const std::string& state_dir);

}  // namespace gds::run
