#pragma once

#include "store.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

namespace emulator {

/// Set the members of `item` that `json` names (docs/emulator.md, "Items"). Error: the member that
/// is unknown or has the wrong type.
tl::expected<void, std::string> read_item(const Store& store, const nlohmann::json& json,
                                          Item& item);
/// The bytes that "content", "base64", or "size" and "seed" describe; null where none of them is.
ContentPtr read_content(const nlohmann::json& json);

/// A member as text, or `fallback`.
std::string text_member(const nlohmann::json& json, const char* name, std::string fallback = "");

}  // namespace emulator
