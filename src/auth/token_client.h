#pragma once

#include "gds/auth/token_source.h"
#include "refusal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gds::auth {

using Form = std::vector<std::pair<std::string, std::string>>;

/// A good answer of the token endpoint.
struct TokenAnswer {
    AccessToken access;
    Secret refresh_token;  ///< empty but after a login
};

/// Posts grants to a token endpoint; blocks until it is answered.
class TokenClient {
public:
    /// `whose` says in errors where the credentials came from.
    TokenClient(std::string endpoint, const http::Options& options, Cancel& cancel,
                std::string whose);

    /// One grant, with up to `retries` further attempts where no usable answer came: asking for a
    /// token twice does no harm. Error: see TokenSource::token(). A secret of the form that comes
    /// back in the answer appears in no message.
    Result<TokenAnswer> post(Grant grant, const Form& form, int retries);

    /// What the last post() was refused with; its `error` is "" where it was not.
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }
    /// The Date of the last answer, seconds since the epoch.
    [[nodiscard]] std::optional<std::int64_t> server_time() const { return server_time_; }
    [[nodiscard]] const http::Counters& counters() const { return counters_; }
    [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

private:
    std::optional<Error> classify(const http::Response& response, Grant grant, const Form& form);
    void count(const http::Counters& more);

    std::string endpoint_;
    http::Options options_;
    Cancel& cancel_;
    std::string whose_;
    Refusal refusal_;
    std::optional<std::int64_t> server_time_;
    http::Counters counters_;
};

}  // namespace gds::auth
