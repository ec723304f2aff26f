#pragma once

#include "gds/base/result.h"
#include "gds/base/text.h"

#include <string>
#include <string_view>
#include <vector>

namespace gds::registry {

/// What a helper program said and how it ended.
struct HelperAnswer {
    std::string output;  ///< of its standard output
    bool ok = false;     ///< it ended with 0
};

/// Runs a program of the search path with `input` on its standard input. Error: not_found where
/// there is no such program, timeout, bad_response for more than 64 KiB. Its standard error is
/// ours.
Result<HelperAnswer> run_helper(const std::vector<std::string>& command, std::string_view input,
                                Millis longest = Millis(30'000));

}  // namespace gds::registry
