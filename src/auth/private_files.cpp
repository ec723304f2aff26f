#include "gds/auth/login.h"
#include "json.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gds::auth {

namespace {

constexpr unsigned kOwnerOnly = 0600;

Error exists(const std::string& path) {
    return error(
        Code::conflict,
        fmt::format("{} exists already; choose another file, or replace it with --force", path));
}

/// What Kubernetes takes for names of secrets and namespaces (RFC 1123 subdomain).
bool is_kubernetes_name(std::string_view name) {
    static constexpr std::size_t kLongest = 253;
    const auto is_alphanumeric = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && name.size() <= kLongest && is_alphanumeric(name.front()) &&
           is_alphanumeric(name.back()) && std::ranges::all_of(name, [&](char c) {
               return is_alphanumeric(c) || c == '-' || c == '.';
           });
}

/// Claims the name, so that of two writers one fails and an existing file stays.
Status claim(const std::string& path) {
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (file) {
        return file.close();
    }
    return errno == EEXIST ? exists(path) : errno_error(errno, path);
}

}  // namespace

Secret authorized_user_json(const RefreshCredentials& credentials) {
    const nlohmann::json object = {{"type", "authorized_user"},
                                   {"client_id", credentials.client_id},
                                   {"client_secret", credentials.client_secret.reveal()},
                                   {"refresh_token", credentials.refresh_token.reveal()}};
    return Secret(dump(object, 2) + "\n");
}

Result<Secret> kubernetes_secret(const RefreshCredentials& credentials, std::string_view name,
                                 std::string_view name_space) {
    if (!is_kubernetes_name(name) || (!name_space.empty() && !is_kubernetes_name(name_space))) {
        return error(Code::invalid_argument,
                     fmt::format("\"{}\" in namespace \"{}\" is no name that Kubernetes takes: "
                                 "small letters, digits, dashes and dots",
                                 printable(name), printable(name_space)));
    }
    // A JSON string is a YAML string too.
    return Secret(fmt::format(
        "apiVersion: v1\n"
        "kind: Secret\n"
        "metadata:\n"
        "  name: {}\n"
        "{}"
        "type: Opaque\n"
        "stringData:\n"
        "  client-id: {}\n"
        "  client-secret: {}\n"
        "  refresh-token: {}\n",
        dump(std::string(name)),
        name_space.empty() ? "" : fmt::format("  namespace: {}\n", dump(std::string(name_space))),
        dump(credentials.client_id), dump(credentials.client_secret.reveal()),
        dump(credentials.refresh_token.reveal())));
}

Status check_private_file(const std::string& path, bool overwrite) {
    struct stat existing {};
    if (::lstat(path.c_str(), &existing) == 0) {
        if (!overwrite) {
            return exists(path);
        }
        if (S_ISDIR(existing.st_mode)) {
            return error(Code::conflict, path + " is a folder; name a file");
        }
    }
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        return errno_error(errno, folder);
    }
    return {};
}

Status write_private_file(const std::string& path, const Secret& content, bool overwrite) {
    if (overwrite) {
        return replace_file(path, content.reveal(), kOwnerOnly);
    }
    GDS_CHECK(claim(path));
    auto written = replace_file(path, content.reveal(), kOwnerOnly);
    if (!written) {
        ::unlink(path.c_str());
    }
    return written;
}

}  // namespace gds::auth
