#pragma once

#include "gds/auth/token_source.h"
#include "gds/base/result.h"

#include <functional>
#include <optional>
#include <string>

namespace gds::auth {

/// Where credentials may come from; empty strings are unset.
struct CredentialSources {
    std::string rclone_config;  ///< path of an rclone.conf
    std::string
        rclone_remote;  ///< its section; may be empty where the file has just one drive remote
    std::string credentials;  ///< path of Google's JSON (authorized_user or service_account)
    /// Reads an environment variable; nullopt or "" where unset.
    std::function<std::optional<std::string>(const std::string&)> environment;
};

/// Find and read the credentials. Explicit files win over GDRIVE_SYNC_CLIENT_ID, _SECRET,
/// GDRIVE_SYNC_REFRESH_TOKEN (each also as ..._FILE). Every error is invalid_argument and names the
/// file or variable, what is wrong with it, and the remedy.
Result<Credentials> load_credentials(const CredentialSources& sources);

/// The client alone, for `auth login`: from the same places, an OAuth client file as the Google
/// Cloud console gives it ("installed") included; a token need not be there. The secret may be
/// empty where only GDRIVE_SYNC_CLIENT_ID is set.
Result<OAuthClient> load_client(const CredentialSources& sources);

}  // namespace gds::auth
