#pragma once

#include "gds/auth/credentials.h"

#include <optional>
#include <string>
#include <string_view>

namespace gds::auth {

/// The shape that Google's JSON files have in common, each once read.
struct GoogleFile {
    std::optional<RefreshCredentials> refresh;
    std::optional<ServiceAccount> service_account;
    std::optional<OAuthClient> client;  ///< of a client file; authorized_user sets `refresh` only
};

/// Google's JSON: authorized_user, service_account, or an OAuth client ("installed", "web").
/// `where` names it in errors.
Result<GoogleFile> parse_google_json(std::string_view text, const std::string& where);

/// A credentials file; every failure as invalid_argument with `what` ("--credentials") named.
Result<std::string> read_credentials_file(std::string_view what, const std::string& path);

/// A variable of the environment; "" where it is unset.
std::string variable(const CredentialSources& sources, const std::string& name);

/// Credentials out of an rclone.conf and rclone's own environment variables.
Result<Credentials> rclone_credentials(const CredentialSources& sources);
/// The same section's client.
Result<OAuthClient> rclone_client(const CredentialSources& sources);

}  // namespace gds::auth
