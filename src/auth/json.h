#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace gds::auth {

/// The text as a JSON object; nullopt for anything else. Callers must not quote the text: it may
/// hold secrets.
std::optional<nlohmann::json> parse_object(std::string_view text);

/// A member that is a string; "" where it is absent or something else.
std::string text_member(const nlohmann::json& object, const char* name);

/// A member that is a whole number; nullopt where it is absent or something else.
std::optional<std::int64_t> integer_member(const nlohmann::json& object, const char* name);

/// JSON text of a value; bytes that are no UTF-8 are replaced.
std::string dump(const nlohmann::json& value, int indent = -1);

}  // namespace gds::auth
