#pragma once

#include "challenge.h"
#include "gds/http/engine.h"
#include "gds/registry/credentials.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gds::registry {

/// Logs in as the registry asks: not at all, by Basic, or with bearer tokens of the token server it
/// names. Tokens are kept for each scope and renewed before they end. Credentials go to the
/// registry's origin and to its token server, nowhere else.
class Authenticator : public http::Authorizer {
public:
    /// `registry_url` is the base URL; the cancel must outlive this.
    Authenticator(const std::string& registry_url, Login login, const http::Options& http,
                  Cancel& cancel);

    Result<std::string> authorization(const http::Request& request,
                                      const std::string& url) override;
    Result<bool> refused(const http::Request& request, const http::Response& response) override;

    /// Learn from an answer's challenges how to log in, without having been refused anything.
    void learn(const http::Response& response);

private:
    using Clock = std::chrono::steady_clock;
    enum class Scheme { none, basic, bearer };
    struct Token {
        Secret text;
        Clock::time_point renew_at;
    };

    [[nodiscard]] bool has_password() const { return !login_.username.empty(); }
    [[nodiscard]] Secret basic() const;
    [[nodiscard]] Error refusal(const http::Response& response) const;
    Result<std::string> bearer(const std::vector<std::string>& scopes);
    Result<Token> fetch_token(const std::vector<std::string>& scopes);
    [[nodiscard]] Result<http::Request> token_request(const std::vector<std::string>& scopes) const;

    std::string origin_;
    Login login_;
    http::Engine token_engine_;
    Scheme scheme_ = Scheme::none;
    Challenge challenge_;                               ///< of the scheme
    std::map<std::vector<std::string>, Token> tokens_;  ///< by scopes
    /// What a refusal asked for beyond what the request seemed to need.
    std::map<std::vector<std::string>, std::vector<std::string>> wider_scopes_;
};

}  // namespace gds::registry
