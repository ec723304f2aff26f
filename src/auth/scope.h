#pragma once

#include "gds/auth/token_source.h"

namespace gds::auth {

/// True where the granted scope covers reading all of Drive, or was not said.
bool can_read_drive(const AccessToken& token);

/// The error for a token that may not: unauthenticated, reason "insufficient_scope".
Error insufficient_scope(const AccessToken& token);

}  // namespace gds::auth
