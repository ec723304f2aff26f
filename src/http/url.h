#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

namespace gds::http {

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

/// Null where libcurl finds no URL in it.
Url parse_url(const std::string& text);

/// That part of a URL as libcurl has it; "" where there is none.
std::string url_part(CURLU* url, CURLUPart which, unsigned flags = 0);

/// What `reference` (RFC 3986 section 4.1) means at `base`; as it is where that makes no URL.
std::string resolve_url(const std::string& base, const std::string& reference);

/// Pieces of a URL that need no parser, since it would leave them as they are.
struct PlainUrl {
    std::string_view authority;  ///< with the scheme; "" where what follows it might be refused
    std::string_view target;     ///< path and query; "" where they are not sent as they stand
};
PlainUrl split_plain_url(std::string_view url);

}  // namespace gds::http
