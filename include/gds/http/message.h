#pragma once

#include "gds/base/result.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gds::http {

/// Header fields in the order they came. Names compare without case (RFC 9110 section 5.1).
class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

    void add(std::string name, std::string value);
    /// The first value of that name, or nullopt.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
        return fields_;
    }
    void clear() { fields_.clear(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// The answer to one attempt. `body` is empty where an Exchange takes the body itself.
struct Response {
    int status = 0;
    Headers headers;
    std::string body;
    std::string url;  ///< the one that answered, after redirects
};

/// What an answer means: nullopt accepts it; an Error refuses it, and its code says whether trying
/// again can help (rate_limited, unavailable, timeout, bad_response: yes; unauthenticated: once,
/// with new credentials; everything else: no).
using Classifier = std::function<std::optional<Error>(const Response&)>;

/// By status alone: 2xx accepted; 401 unauthenticated, 403 permission_denied, 404 and 410
/// not_found, 409 and 412 conflict, 408, 429 and 5xx retryable, another 4xx invalid_argument.
std::optional<Error> classify_by_status(const Response& response);

/// One attempt's request.
struct Request {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;
    std::string label = "other";  ///< of counters, such as "files.list"
    std::int64_t cost = 0;        ///< of each attempt; see Options::max_cost
    Classifier classify = classify_by_status;
    bool authorize = true;            ///< ask the engine's Authorizer
    bool fail_on_retry_after = true;  ///< a Retry-After past the bound is an error at once, not cut
    bool compressed = false;          ///< let the server gzip the answer; never with a Range
    /// May be sent again once bytes of it are out; unset: true for GET, HEAD, PUT and DELETE only.
    std::optional<bool> idempotent;
    std::int64_t max_body = 64LL << 20;  ///< a longer buffered body is an error
    /// Of one attempt, from connecting to the last byte, however slowly they come; 0 for no bound.
    std::chrono::milliseconds time_limit{0};
};

/// "503 Service Unavailable"; the number alone where the status has no well-known name.
std::string status_text(int status);

/// Percent-encoding of everything but RFC 3986's unreserved characters.
std::string encode_component(std::string_view text);
/// Names, which have to outlive it, and values.
using Query = std::vector<std::pair<std::string_view, std::string>>;
/// `base` + `?name=value&...`, both encoded.
std::string with_query(std::string base, const Query& parameters);
/// Scheme, host in lower case and port (defaults filled in) as "https://host:443"; error where the
/// URL cannot be parsed or is neither http nor https.
Result<std::string> origin_of(const std::string& url);
/// The URL with userinfo masked and the query removed, for logs and messages.
std::string loggable_url(const std::string& url);
/// A Retry-After field (RFC 9110 section 10.2.3), seconds or a date against the answer's own Date.
std::optional<std::chrono::seconds> retry_after(const Headers& headers);

}  // namespace gds::http
