#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gds::drive {

/// What a call of that label costs, in the quota units of Google's usage limits (Drive guide
/// "usage limits"; fixed table).
std::int64_t quota_units(std::string_view label);

/// Units a minute to stay within at that endpoint: a little less than Google allows a user where a
/// project has not been granted more, and 0, for no bound, where the endpoint is none of Google's.
std::int64_t quota_a_minute(const std::string& endpoint);

}  // namespace gds::drive
