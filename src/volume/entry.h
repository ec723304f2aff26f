#pragma once

#include "gds/volume/volume.h"

#include <sys/stat.h>

#include <optional>

namespace gds::volume {

Stat to_stat(const struct stat& raw);

/// lstat of one name in a directory; nullopt where nothing is there.
Result<std::optional<Stat>> stat_at(int directory, const char* name);

}  // namespace gds::volume
