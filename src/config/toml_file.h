#pragma once

#include "gds/config/config.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::config {

/// Hands every option of a TOML file to `each`, with "FILE:LINE". Values come as texts, whatever
/// they are written as; `each` checks them. Error: invalid_argument with file and line.
Status read_toml(const std::string& path, const Program& program,
                 const std::function<Status(const Option& option, std::vector<std::string> texts,
                                            const std::string& where)>& each);

}  // namespace gds::config
