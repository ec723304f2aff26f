#pragma once

#include "gds/base/result.h"

#include <string>

namespace gds::state {

/// Copy a database and its rollback journal, file by file, at a moment when nobody writes to them:
/// neither lock nor write access is needed, and what a killed writer left is rolled back when the
/// copy is opened. Error: busy where somebody keeps writing.
Status copy_at_rest(const std::string& path, const std::string& copy);

}  // namespace gds::state
