#pragma once

#include "http.h"

#include <string>
#include <string_view>

namespace emulator {

/// What a request asks for, and the id in its path.
struct Route {
    /// "files.list", "files.get", "files.media", "files.export", "export.link", "changes.list",
    /// "changes.getStartPageToken", "about.get", "drives.list", "drives.get", "oauth.token",
    /// "oauth.auth", "control", "write" (anything but GET on Drive) or "other".
    std::string_view label = "other";
    std::string id;

    /// Needs an access token.
    [[nodiscard]] bool is_drive() const {
        return label != "other" && label != "control" && !label.starts_with("oauth.");
    }
};

Route find_route(const Request& request);

}  // namespace emulator
