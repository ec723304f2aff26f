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

/// What an open directory is good for: O_PATH, which is enough for *at calls, or O_RDONLY.
enum class Access : bool { path, read };

/// The directory that `names` (part of `relative`, which messages show) lead to from `root`, no
/// symlink followed. Error: conflict where it is no directory, or not on `device`, since something
/// is mounted there.
Result<Fd> walk(int root, const std::vector<std::string_view>& names, std::string_view relative,
                std::uint64_t device, Access access = Access::path);

/// An errno as an Error that names the path for a person to read. conflict where a file or symlink
/// stands for a directory, and where two file systems meet.
Error path_error(int errno_value, std::string_view doing, std::string_view relative);

}  // namespace gds::volume
