#pragma once

#include "http.h"
#include "store.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace emulator {

/// What the token endpoint insists on; an empty string accepts anything.
struct OAuthOptions {
    std::string client_id;
    std::string client_secret;
    std::string refresh_token;
    std::string access_token;  ///< one that always works, beside those issued
    bool open = false;         ///< Drive needs no token at all
};

/// Google's authorization page and token endpoint, and the check of bearer tokens.
class OAuth {
public:
    OAuth(const Store& store, OAuthOptions options);

    /// GET /o/oauth2/v2/auth: agrees at once and sends the browser back (RFC 6749, RFC 7636).
    Answer authorize(const Request& request);
    /// POST /token: refresh_token, authorization_code and jwt-bearer grants.
    Answer token(const Request& request);
    /// The refusal that a Drive request without a good token gets; nullopt: it may pass.
    std::optional<Answer> check(const Request& request);

    /// From now on this service account's assertions are accepted.
    void add_service_account(const std::string& email, const std::string& public_key_pem);
    /// All access tokens issued so far stop working.
    void expire_access_tokens();
    /// Refresh tokens issued or configured stop working; the next authorization makes a good one.
    void revoke_refresh_tokens();

private:
    struct Code {
        std::string client_id, redirect_uri, challenge, method;
    };
    struct Issued {
        std::int64_t expires_ms = 0;
        std::string scope;
        std::int64_t uses = 0;
    };

    Answer refresh(const std::map<std::string, std::string>& form);
    Answer exchange(const std::map<std::string, std::string>& form);
    Answer assertion(const Request& request, const std::map<std::string, std::string>& form);
    std::optional<Answer> check_client(const std::map<std::string, std::string>& form) const;
    /// An answer that refuses every grant, by the switches.
    [[nodiscard]] std::optional<Answer> refuse_all() const;
    /// The token answer; `refresh_token` may be empty.
    Answer issue(const std::string& refresh_token);

    const Store& store_;
    OAuthOptions options_;
    mutable std::mutex mutex_;
    std::map<std::string, Code> codes_;
    std::map<std::string, Issued> access_;
    std::vector<std::string> refresh_;  ///< the good ones, oldest first
    bool any_refresh_;                  ///< none was configured: all are good
    std::map<std::string, std::string> service_accounts_;
};

}  // namespace emulator
