#include "json_values.h"

#include "gds/base/text.h"

#include <cmath>

namespace gds::report {

using Json = nlohmann::ordered_json;

namespace {

Json number(double value) {
    return value == std::floor(value) ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

}  // namespace

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json time_or_null(std::int64_t epoch_ms) {
    return epoch_ms == 0 ? Json(nullptr) : Json(format_rfc3339(epoch_ms));
}

Json guards_json(const std::vector<model::GuardVerdict>& guards) {
    Json result = Json::array();
    for (const model::GuardVerdict& guard : guards) {
        result.push_back({{"name", guard.name},
                          {"limit", number(guard.limit)},
                          {"planned", guard.planned},
                          {"tripped", guard.tripped}});
    }
    return result;
}

}  // namespace gds::report
