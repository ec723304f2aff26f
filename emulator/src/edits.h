#pragma once

#include "store.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

namespace emulator {

/// Fill a store from a specification (docs/emulator.md). Error: what is wrong, and where.
tl::expected<void, std::string> load_spec(Store& store, const nlohmann::json& spec);

/// Make one change that a person could have made on Drive: {"op": "rename", "path": "/a", ...}.
/// Answers the id of the item. The caller holds the store's write lock.
tl::expected<std::string, std::string> apply_edit(Store& store, const nlohmann::json& edit);

/// The item that {"id": ...} or {"path": ...} names; null where there is none.
ItemPtr find_item(const Store& store, const nlohmann::json& reference);

/// The type Drive would give a file of that name.
std::string guess_mime_type(const std::string& name);

}  // namespace emulator
