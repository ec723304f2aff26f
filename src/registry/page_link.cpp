#include "page_link.h"

#include "gds/http/message.h"

namespace gds::registry {

namespace {

constexpr std::string_view kApi = "/v2/";

}  // namespace

std::string next_page(std::string_view link, const std::string& url) {
    const auto open = link.find('<');
    const auto close = link.find('>', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos ||
        link.substr(close).find("next") == std::string_view::npos) {
        return {};
    }
    std::string target(link.substr(open + 1, close - open - 1));
    const std::string base = url.substr(0, url.find(kApi));
    if (target.starts_with('/') && !target.starts_with("//")) {
        return base + target;
    }
    const std::string page = url.substr(0, url.find('?'));
    if (target.starts_with('?')) {
        return page + target;
    }
    if (!target.starts_with("//") && target.find("://") == std::string::npos) {
        return page.substr(0, page.rfind('/') + 1) + target;
    }
    // Elsewhere a registry's names would be somebody else's.
    const auto origin = http::origin_of(target);
    const auto own = http::origin_of(base);
    if (origin && own && *origin == *own) {
        return target;
    }
    // Behind a proxy a registry may not know by which scheme or name it is called.
    const auto path = target.find(kApi);
    return path == std::string::npos ? "" : base + target.substr(path);
}

}  // namespace gds::registry
