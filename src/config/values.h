#pragma once

#include "gds/config/config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::config {

/// The text as a number, if all of it is one.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);
std::optional<unsigned> parse_mode(std::string_view text);
/// true, false, 1 or 0.
std::optional<bool> parse_toggle(std::string_view text);

bool holds_several(Type type);
/// The elements of a given text, for options that hold several: one, or those between the commas.
std::vector<std::string> elements(const Option& option, const std::string& text);

/// Whether the option can have this value (this element, of a list). Error: invalid_argument with
/// the value and what is allowed instead.
Status check(const Option& option, std::string_view text);

}  // namespace gds::config
