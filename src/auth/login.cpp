#include "gds/auth/login.h"

#include "gds/crypto/digest.h"
#include "loopback.h"
#include "scope.h"
#include "token_client.h"

#include <fmt/core.h>

namespace gds::auth {

namespace {

/// What binds the browser's answer to this login.
struct Challenge {
    std::string state = random_hex(16);
    Secret verifier{random_hex(32)};  // 64 characters; RFC 7636 wants 43 to 128
};

std::string authorization_url(const LoginOptions& options, const Challenge& challenge,
                              const std::string& redirect_uri) {
    const std::string digest =
        crypto::digest(crypto::Algorithm::sha256, challenge.verifier.reveal());
    // Without offline access and a forced consent a second login brings no refresh token.
    return http::with_query(options.auth_endpoint, {{"response_type", "code"},
                                                    {"client_id", options.client.id},
                                                    {"redirect_uri", redirect_uri},
                                                    {"scope", std::string(kReadonlyScope)},
                                                    {"state", challenge.state},
                                                    {"code_challenge", crypto::base64url(digest)},
                                                    {"code_challenge_method", "S256"},
                                                    {"access_type", "offline"},
                                                    {"prompt", "consent"}});
}

Result<TokenAnswer> exchange(const LoginOptions& options, const Challenge& challenge,
                             const std::string& redirect_uri, const std::string& code,
                             Cancel& cancel) {
    static constexpr int kRetries = 2;
    Form form = {{"grant_type", "authorization_code"},
                 {"code", code},
                 {"client_id", options.client.id},
                 {"redirect_uri", redirect_uri},
                 {"code_verifier", challenge.verifier.reveal()}};
    if (!options.client.secret.empty()) {
        form.emplace_back("client_secret", options.client.secret.reveal());
    }
    TokenClient client(options.token_endpoint, options.http, cancel, "auth login");
    return client.post(Grant::authorization_code, form, kRetries);
}

}  // namespace

Result<Login> login(const LoginOptions& options,
                    const std::function<void(const std::string& url)>& show_url, Cancel& cancel) {
    auto listener = GDS_TRY(LoopbackListener::open(options.port));
    const Challenge challenge;
    const std::string redirect_uri = fmt::format("http://127.0.0.1:{}", listener.port());
    show_url(authorization_url(options, challenge, redirect_uri));
    const Redirect redirect = GDS_TRY(listener.wait(challenge.state, options.wait, cancel));
    if (!redirect.error.empty()) {
        return refusal_error({redirect.error, "", ""}, Grant::authorization_code, "auth login", 0);
    }
    auto answer = GDS_TRY(exchange(options, challenge, redirect_uri, redirect.code, cancel));
    if (!can_read_drive(answer.access)) {
        return insufficient_scope(answer.access);
    }
    if (answer.refresh_token.empty()) {
        return error(
            Code::unauthenticated,
            "Google gave no refresh token; make an OAuth client ID of type \"Desktop app\" "
            "in the Google Cloud console and run `gdrive-sync auth login` with it");
    }
    return Login{RefreshCredentials{options.client.id, options.client.secret,
                                    std::move(answer.refresh_token)},
                 std::move(answer.access)};
}

}  // namespace gds::auth
