#pragma once

#include "gds/volume/volume.h"

#include <string>
#include <string_view>

namespace gds::volume {

/// All of `text` to an open file. `relative` is for the message.
Status write_all(const Fd& fd, std::string_view text, std::string_view relative);

/// fsync of a file. `relative` is for the message.
Status sync_file(const Fd& fd, std::string_view relative);

/// The whole of a file of ours; nullopt where there is none. Error: invalid_argument past `limit`.
Result<std::optional<std::string>> read_whole(const Volume& volume, const std::string& relative,
                                              std::size_t limit);

}  // namespace gds::volume
