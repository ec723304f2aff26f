#pragma once

#include "http.h"
#include "mask.h"
#include "store.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace emulator {

/// What the JSON of an item needs to know beside the item.
struct Presentation {
    const Store& store;
    std::string origin;  ///< the request's, for links that lead back here
    bool trashed = false;
};

/// The resource File (Drive API v3), only the members that `mask` asks for.
nlohmann::json file_json(const Item& item, const Mask& mask, const Presentation& how);

/// Keep of `full` what `mask` selects.
nlohmann::json apply_mask(const nlohmann::json& full, const Mask& mask);

/// The request's `fields`, or `standard` where it has none. `shape` lists what may be asked for, in
/// the syntax of fields; a member without parentheses may hold anything. Error: the answer.
tl::expected<Mask, Answer> request_mask(const Request& request, std::string_view standard,
                                        std::string_view shape);

/// Members of the resource File, in the syntax of fields.
std::string_view file_shape();
/// What files.get answers without `fields`.
inline constexpr std::string_view kFileStandard = "kind,id,name,mimeType,resourceKey";

}  // namespace emulator
