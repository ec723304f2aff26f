#include "gds/drive/quota.h"

#include "gds/http/message.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gds::drive {

namespace {

// The guide has a price for lists, for downloads and for getting one thing, and one for the rest.
// It names neither exports nor the feed: they count as the download and the list that they are.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kPrices = {{
    {"files.list", 100},
    {"changes.list", 100},
    {"files.media", 200},
    {"files.export", 200},
}};
constexpr std::int64_t kPriceOfTheRest = 5;

// Of 325,000: what is on its way when a minute ends may be counted in the next, and others may use
// the account as well.
constexpr std::int64_t kUnitsAMinute = 315'000;

}  // namespace

std::int64_t quota_units(std::string_view label) {
    const auto* const price = std::find_if(kPrices.begin(), kPrices.end(),
                                           [&](const auto& one) { return one.first == label; });
    return price == kPrices.end() ? kPriceOfTheRest : price->second;
}

std::int64_t quota_a_minute(const std::string& endpoint) {
    const auto origin = http::origin_of(endpoint);
    const bool googles = origin && origin->find(".googleapis.com:") != std::string::npos;
    return googles ? kUnitsAMinute : 0;
}

}  // namespace gds::drive
