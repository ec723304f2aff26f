#include "redirect.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace gds::http {

namespace {

bool becomes_get(const std::string& method, int status) {
    if (status == 303) {
        return method != "HEAD";
    }
    return (status == 301 || status == 302) && method == "POST";
}

/// The fields whose being among `names` is as `wanted`.
Headers picked(const Headers& headers, const std::vector<std::string_view>& names, bool wanted) {
    Headers kept;
    for (const auto& [name, value] : headers.all()) {
        const Headers one{{name, value}};
        const bool named = std::any_of(names.begin(), names.end(), [&](std::string_view other) {
            return one.get(other).has_value();
        });
        if (named == wanted) {
            kept.add(name, value);
        }
    }
    return kept;
}

bool starts_with_https(const std::string& origin) {
    return origin.rfind("https://", 0) == 0;
}

}  // namespace

bool is_redirect(int status) {
    static constexpr std::array kStatuses{301, 302, 303, 307, 308};
    return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

Status redirect(Request& request, int status, const std::string& target) {
    if (target.empty()) {
        return error(Code::bad_response, fmt::format("{} without a Location", status_text(status)));
    }
    const std::string from = GDS_TRY(origin_of(request.url));
    const Result<std::string> to = origin_of(target);
    if (!to) {
        return error(Code::bad_response,
                     fmt::format("{}: {}", status_text(status), to.error().message));
    }
    if (starts_with_https(from) && !starts_with_https(*to)) {
        return error(Code::bad_response, fmt::format("{} from https to {}, which is not followed",
                                                     status_text(status), loggable_url(target)));
    }
    const bool loses_body = becomes_get(request.method, status);
    if (from != *to && !loses_body && !request.body.empty()) {
        // It was meant for the first host only, and may hold credentials.
        return error(Code::bad_response,
                     fmt::format("{} to {}, which does not get what was sent here",
                                 status_text(status), loggable_url(target)));
    }
    if (loses_body) {
        request.method = "GET";
        request.body.clear();
        request.headers = picked(request.headers, {"Content-Type", "Content-Length"}, false);
    }
    if (from != *to) {
        // Not only Authorization tells secrets: what another host gets is told by name.
        request.headers = picked(request.headers, {"Accept", "Content-Type", "Range"}, true);
    }
    request.url = target;
    return {};
}

}  // namespace gds::http
