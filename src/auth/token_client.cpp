#include "token_client.h"

#include "json.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::auth {

namespace {

std::string encode(const Form& form) {
    std::string body;
    for (const auto& [name, value] : form) {
        body += fmt::format("{}{}={}", body.empty() ? "" : "&", http::encode_component(name),
                            http::encode_component(value));
    }
    return body;
}

/// Endpoints of other makers quote what they refuse; nothing secret may come back that way.
void mask_secrets(std::string& text, const Form& form) {
    for (const auto& [name, value] : form) {
        const bool secret = name == "client_secret" || name == "refresh_token" ||
                            name == "assertion" || name == "code" || name == "code_verifier";
        if (!secret || value.empty()) {
            continue;
        }
        for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at)) {
            text.replace(at, value.size(), "***");
        }
    }
}

/// RFC 6750 section 2.1 in short: what may stand in an Authorization field.
bool is_field_safe(std::string_view token) {
    return !token.empty() &&
           std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
}

Result<TokenAnswer> parse_answer(const http::Response& response) {
    const auto object = parse_object(response.body);
    const std::string token = object ? text_member(*object, "access_token") : "";
    if (!is_field_safe(token)) {
        return error(Code::bad_response,
                     fmt::format("the answer (HTTP {}) holds no access token", response.status));
    }
    TokenAnswer answer;
    answer.access.token = Secret(token);
    answer.access.scope = text_member(*object, "scope");
    answer.access.expires_in_s = integer_member(*object, "expires_in");
    answer.access.refresh_token_expires_in_s = integer_member(*object, "refresh_token_expires_in");
    answer.refresh_token = Secret(text_member(*object, "refresh_token"));
    return answer;
}

template <class Key, class Compare>
void add_to(std::map<Key, std::int64_t, Compare>& sums,
            const std::map<Key, std::int64_t, Compare>& more) {
    for (const auto& [key, value] : more) {
        sums[key] += value;
    }
}

}  // namespace

TokenClient::TokenClient(std::string endpoint, const http::Options& options, Cancel& cancel,
                         std::string whose)
    : endpoint_(std::move(endpoint)), options_(options), cancel_(cancel), whose_(std::move(whose)) {
    // Limits on what Drive is asked and sends are none of the token endpoint's.
    options_.bytes_per_second = 0;
    options_.requests_per_second = 0;
}

std::optional<Error> TokenClient::classify(const http::Response& response, Grant grant,
                                           const Form& form) {
    if (const auto date = response.headers.get("Date")) {
        server_time_ = parse_http_date(*date);
    }
    if (response.status >= 200 && response.status < 300) {
        const auto answer = parse_answer(response);
        return answer ? std::nullopt : std::optional(answer.error());
    }
    if (response.status >= 500 || response.status == 408 || response.status == 429) {
        return http::classify_by_status(response);
    }
    Refusal refusal = parse_refusal(response);
    if (refusal.error.empty()) {
        Error strange = error(
            Code::bad_response,
            fmt::format("HTTP {} without an OAuth error: is --token-endpoint right, and does no "
                        "proxy answer in its place?",
                        response.status));
        strange.http_status = response.status;
        return strange;
    }
    mask_secrets(refusal.error, form);
    mask_secrets(refusal.description, form);
    mask_secrets(refusal.subtype, form);
    refusal_ = std::move(refusal);
    return refusal_error(refusal_, grant, whose_, response.status);
}

Result<TokenAnswer> TokenClient::post(Grant grant, const Form& form, int retries) {
    refusal_ = {};
    server_time_.reset();
    http::Request request;
    request.method = "POST";
    request.url = endpoint_;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                       {"Accept", "application/json"}};
    request.body = encode(form);
    request.label = "token";
    request.authorize = false;
    request.idempotent = true;
    request.max_body = 1 << 20;
    request.classify = [this, grant, &form](const http::Response& response) {
        return classify(response, grant, form);
    };
    http::Options options = options_;
    options.retries = std::min(retries, options_.retries);
    http::Engine engine(options, cancel_);
    auto response = engine.fetch(std::move(request));
    count(engine.counters());
    if (response) {
        return parse_answer(*response);
    }
    Error failure = std::move(response).error();
    if (failure.code == Code::unauthenticated || failure.code == Code::cancelled) {
        return failure;
    }
    if (failure.code == Code::bad_response) {
        failure.code = Code::unavailable;
    }
    return failure.context("no access token from " + http::loggable_url(endpoint_));
}

void TokenClient::count(const http::Counters& more) {
    add_to(counters_.requests, more.requests);
    add_to(counters_.retries, more.retries);
    add_to(counters_.statuses, more.statuses);
    counters_.body_bytes += more.body_bytes;
}

}  // namespace gds::auth
