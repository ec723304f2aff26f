#pragma once

#include "gds/base/result.h"
#include "gds/http/message.h"

#include <string>
#include <string_view>

namespace gds::auth {

/// What was shown to the token endpoint.
enum class Grant { refresh_token, service_account, authorization_code };

/// What the token endpoint said against a request (RFC 6749 section 5.2, and Google's subtype).
struct Refusal {
    std::string error;
    std::string description;
    std::string subtype;
};

/// The endpoint's refusal in an answer's body; `error` is "" where there is none.
Refusal parse_refusal(const http::Response& response);

/// The refusal as an Error: unauthenticated (or retryable, for the few that are), with what usually
/// is behind it and what to do. `whose` says where the credentials came from.
Error refusal_error(const Refusal& refusal, Grant grant, std::string_view whose, int status);

/// True where a service account's assertion was refused for its times, not for its key.
bool blames_clock(const Refusal& refusal);

}  // namespace gds::auth
