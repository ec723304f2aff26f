#include "routes.h"

namespace emulator {
namespace {

constexpr std::string_view kDrive = "/drive/v3/";

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

Route drive_route(std::string_view path, const Request& request) {
    if (path == "files") {
        return {"files.list", {}};
    }
    if (path == "changes") {
        return {"changes.list", {}};
    }
    if (path == "changes/startPageToken") {
        return {"changes.getStartPageToken", {}};
    }
    if (path == "about") {
        return {"about.get", {}};
    }
    if (path == "drives") {
        return {"drives.list", {}};
    }
    if (take(path, "drives/") && path.find('/') == std::string_view::npos) {
        return {"drives.get", std::string(path)};
    }
    if (!take(path, "files/")) {
        return {};
    }
    const auto slash = path.find('/');
    const std::string id(path.substr(0, slash));
    if (slash == std::string_view::npos) {
        return {request.param("alt") == "media" ? "files.media" : "files.get", id};
    }
    return path.substr(slash) == "/export" ? Route{"files.export", id} : Route{};
}

}  // namespace

Route find_route(const Request& request) {
    std::string_view path = request.path;
    if (path.starts_with("/_emulator")) {
        return {"control", {}};
    }
    if (path == "/token" || path == "/oauth2/v4/token" || path == "/o/oauth2/token") {
        return {"oauth.token", {}};
    }
    if (path == "/o/oauth2/v2/auth" || path == "/o/oauth2/auth") {
        return {"oauth.auth", {}};
    }
    take(path, "/download");
    const bool write = request.method != "GET" && request.method != "HEAD";
    if (take(path, kDrive)) {
        return write ? Route{"write", {}} : drive_route(path, request);
    }
    if (path.ends_with("/export/Export")) {
        return write ? Route{"write", {}} : Route{"export.link", request.param("id").value_or("")};
    }
    // Uploads and batches have paths of their own; all of them are writes here.
    return write ? Route{"write", {}} : Route{};
}

}  // namespace emulator
