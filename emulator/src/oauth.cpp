#include "oauth.h"

#include "digest.h"
#include "jwt.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;
using Form = std::map<std::string, std::string>;

constexpr std::string_view kReadonly = "https://www.googleapis.com/auth/drive.readonly";
constexpr std::string_view kFull = "https://www.googleapis.com/auth/drive";

/// The form's fields; the client may also come as HTTP Basic (RFC 6749 section 2.3.1).
Form read_form(const Request& request) {
    Form form;
    for (auto& [name, value] : parse_form(request.body)) {
        form[name] = value;
    }
    const std::string authorization = request.header("authorization");
    if (authorization.starts_with("Basic ")) {
        const std::string pair = from_base64(authorization.substr(6));
        const auto colon = pair.find(':');
        form["client_id"] = url_decode(pair.substr(0, colon), true);
        form["client_secret"] =
            colon == std::string::npos ? "" : url_decode(pair.substr(colon + 1), true);
    }
    return form;
}

bool grants_drive(const std::string& scope) {
    const std::string padded = " " + scope + " ";
    return padded.find(" " + std::string(kReadonly) + " ") != std::string::npos ||
           padded.find(" " + std::string(kFull) + " ") != std::string::npos;
}

}  // namespace

OAuth::OAuth(const Store& store, OAuthOptions options)
    : store_(store), options_(std::move(options)), any_refresh_(options_.refresh_token.empty()) {
    if (!any_refresh_) {
        refresh_.push_back(options_.refresh_token);
    }
}

Answer OAuth::authorize(const Request& request) {
    const std::string redirect = request.param("redirect_uri").value_or("");
    const std::string client = request.param("client_id").value_or("");
    if (redirect.empty() || client.empty() || request.param("response_type") != "code") {
        return html_answer(400, "Error 400: invalid_request");
    }
    if (!options_.client_id.empty() && client != options_.client_id) {
        return html_answer(401, "Error 401: invalid_client");
    }
    const std::string code = "4/" + random_token(24);
    {
        const std::lock_guard lock(mutex_);
        codes_[code] = {client, redirect, request.param("code_challenge").value_or(""),
                        request.param("code_challenge_method").value_or("plain")};
    }
    Answer answer = html_answer(302, "Moved");
    std::string location = redirect + (redirect.find('?') == std::string::npos ? '?' : '&');
    location += "code=" + url_encode(code) + "&scope=" + url_encode(kReadonly);
    if (const auto state = request.param("state")) {
        location += "&state=" + url_encode(*state);
    }
    answer.headers.emplace_back("Location", location);
    return answer;
}

Answer OAuth::token(const Request& request) {
    if (request.method != "POST") {
        return html_answer(404, "Not Found");
    }
    const Form form = read_form(request);
    const auto grant = form.find("grant_type");
    if (grant == form.end()) {
        return oauth_error(400, "invalid_request", "Required parameter is missing: grant_type");
    }
    if (grant->second == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return assertion(request, form);
    }
    if (auto refused = check_client(form)) {
        return std::move(*refused);
    }
    if (grant->second == "refresh_token") {
        return refresh(form);
    }
    if (grant->second == "authorization_code") {
        return exchange(form);
    }
    return oauth_error(400, "unsupported_grant_type", "Invalid grant_type: " + grant->second);
}

std::optional<Answer> OAuth::check_client(const Form& form) const {
    const auto value = [&](const char* name) {
        const auto found = form.find(name);
        return found == form.end() ? std::string() : found->second;
    };
    if (store_.switches().on(Switch::deleted_client)) {
        return oauth_error(401, "deleted_client", "The OAuth client was deleted.");
    }
    if (value("client_id").empty()) {
        return oauth_error(400, "invalid_request", "Could not determine client ID from request.");
    }
    if (!options_.client_id.empty() && value("client_id") != options_.client_id) {
        return oauth_error(401, "invalid_client", "The OAuth client was not found.");
    }
    if (!options_.client_secret.empty() && value("client_secret") != options_.client_secret) {
        return oauth_error(401, "invalid_client", "Unauthorized");
    }
    return std::nullopt;
}

Answer OAuth::refresh(const Form& form) {
    const auto given = form.find("refresh_token");
    if (given == form.end() || given->second.empty()) {
        return oauth_error(400, "invalid_request", "Missing required parameter: refresh_token");
    }
    if (auto refused = refuse_all()) {
        return std::move(*refused);
    }
    const std::lock_guard lock(mutex_);
    const bool known = std::find(refresh_.begin(), refresh_.end(), given->second) != refresh_.end();
    if (!known && !any_refresh_) {
        return oauth_error(400, "invalid_grant", "Token has been expired or revoked.");
    }
    return issue("");
}

std::optional<Answer> OAuth::refuse_all() const {
    const Switches& switches = store_.switches();
    if (switches.on(Switch::invalid_rapt)) {
        return oauth_error(400, "invalid_grant", "reauth related error (invalid_rapt)",
                           "invalid_rapt");
    }
    if (switches.on(Switch::admin_policy_enforced)) {
        return oauth_error(400, "admin_policy_enforced",
                           "Access is not allowed by your administrator.");
    }
    if (switches.on(Switch::invalid_grant)) {
        return oauth_error(400, "invalid_grant", "Token has been expired or revoked.");
    }
    return std::nullopt;
}

Answer OAuth::exchange(const Form& form) {
    const auto value = [&](const char* name) {
        const auto found = form.find(name);
        return found == form.end() ? std::string() : found->second;
    };
    const std::lock_guard lock(mutex_);
    const auto found = codes_.find(value("code"));
    if (found == codes_.end()) {
        return oauth_error(400, "invalid_grant", "Malformed auth code.");
    }
    const Code code = found->second;
    codes_.erase(found);  // a code is good once
    if (code.redirect_uri != value("redirect_uri") || code.client_id != value("client_id")) {
        return oauth_error(400, "redirect_uri_mismatch", "Bad Request");
    }
    const std::string verifier = value("code_verifier");
    const std::string proof =
        code.method == "S256" ? to_base64url(digest(Hash::sha256, verifier)) : verifier;
    if (!code.challenge.empty() && proof != code.challenge) {
        return oauth_error(400, "invalid_grant",
                           verifier.empty() ? "Missing code verifier." : "Invalid code verifier.");
    }
    const std::string refresh_token = "1//" + random_token(40);
    refresh_.push_back(refresh_token);
    const std::int64_t most = store_.switches().get(Switch::refresh_tokens_max);
    while (most > 0 && refresh_.size() > static_cast<std::size_t>(most)) {
        refresh_.erase(refresh_.begin());
    }
    return issue(refresh_token);
}

Answer OAuth::assertion(const Request& request, const Form& form) {
    const auto given = form.find("assertion");
    const auto jwt = given == form.end() ? std::nullopt : parse_jwt(given->second);
    if (!jwt) {
        return oauth_error(400, "invalid_grant", "Invalid JWT: Failed to decode.");
    }
    const std::lock_guard lock(mutex_);
    const auto account = service_accounts_.find(jwt->issuer);
    if (account == service_accounts_.end()) {
        return oauth_error(400, "invalid_grant", "Invalid grant: account not found");
    }
    if (jwt->algorithm != "RS256" || !verify_rs256(*jwt, account->second)) {
        return oauth_error(400, "invalid_grant", "Invalid JWT Signature.");
    }
    const std::string own = request.origin() + request.path;
    if (jwt->audience != own && jwt->audience != "https://oauth2.googleapis.com/token" &&
        jwt->audience != "https://www.googleapis.com/oauth2/v4/token") {
        return oauth_error(400, "invalid_grant", "Invalid JWT: Wrong audience.");
    }
    constexpr std::int64_t kLeeway = 300;
    const std::int64_t now = store_.now_ms() / 1000;
    if (jwt->issued_at > now + kLeeway || jwt->expires_at < now - kLeeway ||
        jwt->expires_at - jwt->issued_at > 3600) {
        return oauth_error(400, "invalid_grant",
                           "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                           "reasonable timeframe. Check your iat and exp values in the JWT claim.");
    }
    if (!grants_drive(jwt->scope)) {
        return oauth_error(400, "invalid_scope",
                           "Invalid OAuth scope or ID token audience provided.");
    }
    if (auto refused = refuse_all()) {
        return std::move(*refused);
    }
    return issue("");
}

Answer OAuth::issue(const std::string& refresh_token) {
    const Switches& switches = store_.switches();
    std::string scope(kReadonly);
    if (switches.on(Switch::scope_too_wide)) {
        scope = std::string(kFull) + " " + scope;
    } else if (switches.on(Switch::scope_missing)) {
        scope = "https://www.googleapis.com/auth/userinfo.email";
    }
    const std::int64_t life = switches.get(Switch::expires_in_s);
    const std::string access = "ya29." + random_token(48);
    access_[access] = {store_.now_ms() + life * 1000, scope, 0};
    json body = {
        {"access_token", access}, {"expires_in", life}, {"scope", scope}, {"token_type", "Bearer"}};
    if (!refresh_token.empty()) {
        body["refresh_token"] = refresh_token;
    }
    if (const std::int64_t ends = switches.get(Switch::refresh_token_expires_in_s); ends != 0) {
        body["refresh_token_expires_in"] = ends;
    }
    Answer answer;
    answer.body = body.dump(1);
    return answer;
}

std::optional<Answer> OAuth::check(const Request& request) {
    if (options_.open) {
        return std::nullopt;
    }
    const std::string header = request.header("authorization");
    const std::string token = header.starts_with("Bearer ") ? header.substr(7) : "";
    if (token.empty()) {
        return error_answer(401, "required", "Login Required.", "Authorization");
    }
    if (token == options_.access_token) {
        return std::nullopt;
    }
    const std::lock_guard lock(mutex_);
    const auto issued = access_.find(token);
    const std::int64_t uses = store_.switches().get(Switch::access_token_uses);
    if (issued == access_.end() || issued->second.expires_ms <= store_.now_ms() ||
        (++issued->second.uses > uses && uses > 0)) {
        Answer answer = error_answer(401, "authError", "Invalid Credentials", "Authorization");
        answer.headers.emplace_back(
            "WWW-Authenticate",
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
        return answer;
    }
    if (!grants_drive(issued->second.scope)) {
        return error_answer(403, "insufficientPermissions",
                            "Insufficient Permission: Request had insufficient authentication "
                            "scopes.");
    }
    return std::nullopt;
}

void OAuth::add_service_account(const std::string& email, const std::string& public_key_pem) {
    const std::lock_guard lock(mutex_);
    service_accounts_[email] = public_key_pem;
}

void OAuth::expire_access_tokens() {
    const std::lock_guard lock(mutex_);
    access_.clear();
}

void OAuth::revoke_refresh_tokens() {
    const std::lock_guard lock(mutex_);
    refresh_.clear();
    access_.clear();
    any_refresh_ = false;
}

}  // namespace emulator
