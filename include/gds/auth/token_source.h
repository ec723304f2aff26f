#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/base/secret.h"
#include "gds/http/engine.h"

namespace gds::auth {

inline constexpr std::string_view kReadonlyScope = "https://www.googleapis.com/auth/drive.readonly";

/// An OAuth client and a refresh token (RFC 6749 section 6).
struct RefreshCredentials {
    std::string client_id;
    Secret client_secret;
    Secret refresh_token;
};

/// A service account's key, as Google's JSON holds it (RFC 7523 grant).
struct ServiceAccount {
    std::string client_email;
    std::string private_key_id;
    Secret private_key;   ///< PEM
    std::string subject;  ///< impersonated user; empty for none
};

/// What the operator gave. Exactly one of the two is set.
struct Credentials {
    std::optional<RefreshCredentials> refresh;
    std::optional<ServiceAccount> service_account;
    std::string origin;  ///< "environment", "rclone.conf section gdrive", for messages
    // What an rclone.conf section says besides; empty where absent.
    std::string root_folder_id;
    std::string team_drive;
    bool shared_with_me = false;
    std::vector<std::string> warnings;
};

/// One access token, as the token endpoint answered (RFC 6749 section 5.1).
struct AccessToken {
    Secret token;
    std::string scope;  ///< space-separated; empty where the answer did not say
    std::optional<std::int64_t> expires_in_s;
    std::optional<std::int64_t> refresh_token_expires_in_s;
};

/// Gets access tokens and puts them on requests to `drive_endpoint`'s origin and to
/// https://docs.google.com; refreshes ahead of expiry and once more after a 401. Tokens live in
/// memory only.
class TokenSource : public http::Authorizer {
public:
    TokenSource(Credentials credentials, std::string token_endpoint,
                const std::string& drive_endpoint, http::Options options, Cancel& cancel);
    ~TokenSource() override;

    /// A token that is good for a while yet. Error: unauthenticated with a message that says what
    /// usually is behind it and what to do; permission_denied where the scope is missing;
    /// unavailable where the endpoint cannot be reached.
    Result<AccessToken> token();

    Result<std::string> authorization(const http::Request& request, const std::string& url) override;
    Result<bool> refused(const http::Request& request, const http::Response& response) override;

    /// Counters of the token requests.
    [[nodiscard]] const http::Counters& counters() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gds::auth
