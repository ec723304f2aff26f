#pragma once

#include "gds/base/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gds::auth {

/// One section of an rclone.conf.
struct RcloneSection {
    std::string name;
    std::map<std::string, std::string, std::less<>> values;
};

/// The sections of an rclone.conf in their order. Error: invalid_argument for an encrypted file or
/// a line that cannot be read; it names `path` and the line's number, never the line.
Result<std::vector<RcloneSection>> parse_rclone_file(std::string_view text,
                                                     const std::string& path);

}  // namespace gds::auth
