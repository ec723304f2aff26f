#include "authenticator.h"

#include "gds/base/base64.h"
#include "gds/base/log.h"
#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kShortestLife{60};  // what the token protocol promises at least
constexpr std::chrono::seconds kLongestLife{24 * 3600};
constexpr std::int64_t kLargestTokenAnswer = 1 << 20;
constexpr std::string_view kClientId = "registry-probe";

http::Options token_options(http::Options options) {
    options.max_connections = 1;
    options.requests_per_second = 0;
    return options;
}

/// What a login in a form is: values may hold anything.
std::string form(const http::Query& fields) {
    const std::string query = http::with_query("", fields);
    return query.substr(1);
}

std::optional<Error> classify_token_answer(const http::Response& response) {
    auto refused = http::classify_by_status(response);
    // The token server says 400, 401 or 403 where it does not like the credentials.
    if (refused && (response.status == 400 || response.status == 401 || response.status == 403)) {
        refused->code = Code::unauthenticated;
    }
    return refused;
}

std::string text_member(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

bool is_https(std::string_view origin) {
    return origin.starts_with("https://");
}

}  // namespace

Authenticator::Authenticator(const std::string& registry_url, Login login,
                             const http::Options& http, Cancel& cancel)
    : origin_(http::origin_of(registry_url).value_or(std::string())),
      login_(std::move(login)),
      token_engine_(token_options(http), cancel) {
    if (!login_.registry_token.empty()) {
        scheme_ = Scheme::bearer;
    }
}

Secret Authenticator::basic() const {
    return Secret("Basic " + base64(login_.username + ":" + login_.password.reveal()));
}

Result<std::string> Authenticator::authorization(const http::Request& request,
                                                 const std::string& url) {
    const auto origin = http::origin_of(url);
    if (!origin || *origin != origin_) {
        return std::string();
    }
    if (!login_.registry_token.empty()) {
        return "Bearer " + login_.registry_token.reveal();
    }
    switch (scheme_) {
        case Scheme::none: return std::string();
        case Scheme::basic: return has_password() ? basic().reveal() : std::string();
        case Scheme::bearer: return bearer(scopes_of(request.method, url));
    }
    return std::string();
}

void Authenticator::learn(const http::Response& response) {
    for (const auto& [name, value] : response.headers.all()) {
        const http::Headers one{{name, value}};
        const auto field = one.get("WWW-Authenticate");
        if (!field) {
            continue;
        }
        for (Challenge& challenge : parse_challenges(*field)) {
            const bool bearer =
                challenge.scheme == "bearer" && !challenge.parameter("realm").empty();
            // Where both are offered, a token keeps the password from going out with each request.
            if (bearer || (challenge.scheme == "basic" && scheme_ != Scheme::bearer)) {
                scheme_ = bearer ? Scheme::bearer : Scheme::basic;
                challenge_ = std::move(challenge);
            }
        }
    }
}

Error Authenticator::refusal(const http::Response& response) const {
    Error failure = error(Code::unauthenticated, "");
    failure.http_status = response.status;
    const bool known =
        has_password() || !login_.identity_token.empty() || !login_.registry_token.empty();
    failure.message = known ? fmt::format("{} refuses these credentials for {}", origin_,
                                          http::loggable_url(response.url))
                            : fmt::format(
                                  "{} wants credentials: give --username and --password-file, or a "
                                  "docker config.json with --auth-file",
                                  origin_);
    return failure;
}

Result<bool> Authenticator::refused(const http::Request& request, const http::Response& response) {
    const auto origin = http::origin_of(response.url);
    if (!origin || *origin != origin_) {
        return false;  // somebody else's 401, after a redirect
    }
    const Scheme before = scheme_;
    learn(response);
    if (scheme_ == Scheme::basic) {
        // The password was not sent yet, or it is no good.
        return before != Scheme::basic && has_password() ? Result<bool>(true)
                                                         : Result<bool>(refusal(response));
    }
    if (scheme_ != Scheme::bearer || !login_.registry_token.empty()) {
        return refusal(response);
    }
    const auto scopes = scopes_of(request.method, request.url);
    tokens_.erase(scopes);
    if (const std::string asked = challenge_.parameter("scope"); !asked.empty()) {
        wider_scopes_[scopes] = split(asked, ' ');
    }
    return true;
}

Result<std::string> Authenticator::bearer(const std::vector<std::string>& scopes) {
    const auto now = Clock::now();
    auto found = tokens_.find(scopes);
    if (found == tokens_.end() || found->second.renew_at <= now) {
        const auto wider = wider_scopes_.find(scopes);
        Token token = GDS_TRY(fetch_token(wider == wider_scopes_.end() ? scopes : wider->second));
        found = tokens_.insert_or_assign(scopes, std::move(token)).first;
    }
    return "Bearer " + found->second.text.reveal();
}

Result<http::Request> Authenticator::token_request(const std::vector<std::string>& scopes) const {
    const std::string realm = challenge_.parameter("realm");
    const std::string realm_origin = GDS_TRY(http::origin_of(realm));
    const bool sends_secret = has_password() || !login_.identity_token.empty();
    if (sends_secret && is_https(origin_) && !is_https(realm_origin)) {
        return error(Code::unauthenticated,
                     fmt::format("{} names a token server without TLS, {}, which gets no password",
                                 origin_, http::loggable_url(realm)));
    }
    http::Query fields;
    if (const std::string service = challenge_.parameter("service"); !service.empty()) {
        fields.emplace_back("service", service);
    }
    http::Request request;
    if (!login_.identity_token.empty()) {
        std::string all;
        for (const std::string& scope : scopes) {
            all += (all.empty() ? "" : " ") + scope;
        }
        fields.insert(fields.end(), {{"grant_type", "refresh_token"},
                                     {"client_id", std::string(kClientId)},
                                     {"scope", all},
                                     {"refresh_token", login_.identity_token.reveal()}});
        request.method = "POST";
        request.url = realm;
        request.headers.add("Content-Type", "application/x-www-form-urlencoded");
        request.body = form(fields);
        request.idempotent = true;
    } else {
        for (const std::string& scope : scopes) {
            fields.emplace_back("scope", scope);
        }
        request.url = http::with_query(realm, fields);
        if (has_password()) {
            request.headers.add("Authorization", basic().reveal());
        }
    }
    request.authorize = false;
    request.label = "token";
    request.max_body = kLargestTokenAnswer;
    request.classify = classify_token_answer;
    request.time_limit = Millis(60'000);
    return request;
}

Result<Authenticator::Token> Authenticator::fetch_token(const std::vector<std::string>& scopes) {
    auto answer = token_engine_.fetch(GDS_TRY(token_request(scopes)));
    if (!answer) {
        Error failure = answer.error().context("no token");
        log::debug("the token server gave no token", {{"error", failure.message}});
        return failure;
    }
    const Json json = Json::parse(answer->body, nullptr, false);
    std::string text;
    std::int64_t life = 0;
    if (json.is_object()) {
        text = text_member(json, "token");
        text = text.empty() ? text_member(json, "access_token") : text;
        const auto seconds = json.find("expires_in");
        life = seconds != json.end() && seconds->is_number_integer() ? seconds->get<std::int64_t>()
                                                                     : 0;
    }
    if (text.empty()) {
        return error(Code::bad_response,
                     fmt::format("the answer of {} holds no token",
                                 http::loggable_url(challenge_.parameter("realm"))));
    }
    const auto seconds = std::clamp(std::chrono::seconds(life <= 0 ? kShortestLife.count() : life),
                                    std::chrono::seconds(1), kLongestLife);
    // Renewed after nine tenths, so that a request that waits its turn still goes with a live one.
    return Token{Secret(std::move(text)), Clock::now() + seconds * 9 / 10};
}

}  // namespace gds::registry
