#pragma once

#include <string>
#include <string_view>

namespace gds::registry {

/// The absolute URL of the next page by a Link field (RFC 8288), always at `base`; "" for none.
std::string next_page(std::string_view link, const std::string& base);

}  // namespace gds::registry
