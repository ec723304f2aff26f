#pragma once

#include "gds/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gds {

/// The two alphabets of RFC 4648; `url` is that of section 5.
enum class Base64Form : std::uint8_t { standard, url };

/// With padding.
std::string base64(std::string_view bytes, Base64Form form = Base64Form::standard);
/// The standard alphabet, with padding or without. Error: invalid_argument, without the text.
Result<std::string> from_base64(std::string_view text);

}  // namespace gds
