#pragma once

#include "gds/base/result.h"

#include <curl/curl.h>

#include <string>

namespace gds::http {

/// Why an attempt failed, and whether the engine may try again where the code alone would allow it.
struct Failure {
    Error error;
    bool final = false;
};

/// What a failed transfer means. `detail` is curl's own text of it, `url` what was asked for.
Failure transport_failure(CURLcode code, const std::string& detail, const std::string& url);

}  // namespace gds::http
