#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/base/secret.h"
#include "gds/base/text.h"
#include "gds/http/engine.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::auth {

inline constexpr std::string_view kReadonlyScope = "https://www.googleapis.com/auth/drive.readonly";

/// What the Google Cloud console calls an OAuth client ID of type "Desktop app".
struct OAuthClient {
    std::string id;
    Secret secret;
};

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

/// What `auth check` says of a token.
struct TokenCheck {
    std::string scope;
    std::optional<std::int64_t> expires_in_s;
    std::optional<std::int64_t> refresh_token_expires_in_s;
    /// Sentences about a scope that can write and a refresh token that is going to end.
    std::vector<std::string> warnings;
};
TokenCheck check_token(const AccessToken& token);

/// The clocks a TokenSource reads. Waits and expiry use the steady one, assertions the wall clock.
struct Clocks {
    std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
    std::function<std::int64_t()> wall_s = [] { return wall_clock_ms() / 1000; };
};

/// Gets access tokens and puts them on requests to `drive_endpoint`'s origin and to
/// https://docs.google.com; refreshes ahead of expiry and once more after a 401. Tokens live in
/// memory only. Not thread-safe.
class TokenSource : public http::Authorizer {
public:
    TokenSource(Credentials credentials, std::string token_endpoint,
                const std::string& drive_endpoint, const http::Options& options, Cancel& cancel,
                Clocks clocks = {});
    ~TokenSource() override;
    TokenSource(const TokenSource&) = delete;
    TokenSource& operator=(const TokenSource&) = delete;

    /// A token that is good for a while yet. Error: unauthenticated with a message that says what
    /// usually is behind it and what to do (`reason` is the OAuth error, or insufficient_scope);
    /// invalid_argument where the key or --drive-endpoint cannot be used; unavailable, rate_limited
    /// or timeout where the endpoint does not answer. A refusal is final: it is not asked again.
    Result<AccessToken> token();

    Result<std::string> authorization(const http::Request& request,
                                      const std::string& url) override;
    Result<bool> refused(const http::Request& request, const http::Response& response) override;

    /// Counters of the token requests.
    [[nodiscard]] const http::Counters& counters() const;
    /// What the first token gave reason to warn of; each was logged once.
    [[nodiscard]] const std::vector<std::string>& warnings() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gds::auth
