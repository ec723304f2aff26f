#pragma once

#include <string>
#include <string_view>

namespace gds::registry {

/// The URL of the next page, by the Link field (RFC 8288) of a page that `url` was asked for;
/// always at the same registry. "" for none.
std::string next_page(std::string_view link, const std::string& url);

}  // namespace gds::registry
