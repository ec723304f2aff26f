#pragma once

#include "gds/base/fd.h"
#include "gds/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gds::volume {

/// False for what could lead elsewhere ("", ".", "..", a '/') or what no file can be called (a NUL
/// byte).
bool is_name(std::string_view name);

/// The names of a relative path; none for "". Error: invalid_argument where one is none.
Result<std::vector<std::string_view>> components(std::string_view relative);

/// The directory that `names` (part of `relative`, which messages show) lead to from `root`, no
/// symlink followed. The descriptor is an O_PATH one: for *at calls only. Error: conflict where it
/// is no directory, or none of `device`.
Result<Fd> walk(int root, const std::vector<std::string_view>& names, std::string_view relative,
                std::uint64_t device);

/// Error: conflict where a directory that was opened is not on `device`: something was mounted.
Status check_device(const Fd& directory, std::uint64_t device, std::string_view relative);

/// An errno as an Error that names the path for a person to read. conflict where a file or symlink
/// stands for a directory, and where two file systems meet.
Error path_error(int errno_value, std::string_view doing, std::string_view relative);

}  // namespace gds::volume
