#pragma once

#include "gds/model/run.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gds::report {

/// JSON as text. A path may hold any bytes, JSON only UTF-8: what is none becomes U+FFFD.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);
/// RFC 3339; a time that is not known (0) is null, not 1970.
nlohmann::ordered_json time_or_null(std::int64_t epoch_ms);
nlohmann::ordered_json guards_json(const std::vector<model::GuardVerdict>& guards);

}  // namespace gds::report
