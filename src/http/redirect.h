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
/// credentials in the caller's headers stay behind where the origin changes. Error: bad_response
/// for a target that is missing, is no http(s) URL or would leave TLS.
Status redirect(Request& request, int status, const std::string& target);

}  // namespace gds::http
