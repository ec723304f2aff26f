#pragma once

#include "gds/auth/token_source.h"

#include <functional>
#include <string>
#include <string_view>

namespace gds::auth {

inline constexpr std::string_view kGoogleAuthEndpoint =
    "https://accounts.google.com/o/oauth2/v2/auth";

/// What a login needs to know.
struct LoginOptions {
    OAuthClient client;
    std::string auth_endpoint{kGoogleAuthEndpoint};
    std::string token_endpoint;
    int port = 0;  ///< of the redirect on 127.0.0.1; 0 for any, a fixed one for an SSH tunnel
    Millis wait{300'000};  ///< for the browser to come back
    http::Options http;
};

/// What a login brought.
struct Login {
    RefreshCredentials credentials;
    AccessToken token;
};

/// Authorise for drive.readonly in a browser on this machine (RFC 8252 section 7.3 with PKCE, RFC
/// 7636). `show_url` gets the address to open, once the redirect is listened for. Error:
/// unauthenticated where it was denied or refused, timeout where nobody came back, io where the
/// port is taken, cancelled.
Result<Login> login(const LoginOptions& options,
                    const std::function<void(const std::string& url)>& show_url, Cancel& cancel);

/// Google's authorized_user JSON, as --credentials takes it. Secret: for a file only.
Secret authorized_user_json(const RefreshCredentials& credentials);

/// A Kubernetes Secret with the keys client-id, client-secret and refresh-token. Secret: for a file
/// only. Error: invalid_argument for a name or namespace that Kubernetes refuses; an empty
/// namespace is left out.
Result<Secret> kubernetes_secret(const RefreshCredentials& credentials, std::string_view name,
                                 std::string_view name_space);

/// Whether write_private_file() may go ahead; to be asked before a login is spent on it. Error:
/// conflict where the file exists, not_found or io where its folder cannot take it.
Status check_private_file(const std::string& path, bool overwrite);

/// Write `content` to `path` with mode 0600, whole or not at all. Error: conflict where the file
/// exists and `overwrite` is false.
Status write_private_file(const std::string& path, const Secret& content, bool overwrite);

}  // namespace gds::auth
