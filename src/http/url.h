#pragma once

#include <curl/curl.h>

#include <string>

namespace gds::http {

/// That part of a URL as libcurl has it; "" where there is none.
std::string url_part(CURLU* url, CURLUPart which, unsigned flags = 0);

}  // namespace gds::http
