#pragma once

#include "gds/base/result.h"
#include "gds/http/message.h"

#include <string>

namespace gds::http {

inline constexpr int kMaxRedirects = 5;

/// A 3xx that names another place for the same resource (RFC 9110 section 15.4).
bool is_redirect(int status);

/// Point `request` at `target` (absolute, empty where the answer named none), as the redirect
/// `status` of its `url` asks: a 303, and a 301 or 302 of a POST, becomes a GET without a body;
/// the caller's headers stay behind where the origin changes, but for the few that tell no secret.
/// Error: bad_response for a target that is missing, is no http(s) URL, would leave TLS, or would
/// get a body that was meant for another origin.
Status redirect(Request& request, int status, const std::string& target);

}  // namespace gds::http
