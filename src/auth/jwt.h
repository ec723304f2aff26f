#pragma once

#include "gds/auth/token_source.h"

#include <cstdint>
#include <string>

namespace gds::auth {

/// A signed assertion (RFC 7523 section 3) that asks for drive.readonly and is good for an hour
/// from `issued_at`, seconds since the epoch. Error: invalid_argument where the key cannot sign.
Result<Secret> make_assertion(const ServiceAccount& account, const std::string& audience,
                              std::int64_t issued_at);

}  // namespace gds::auth
