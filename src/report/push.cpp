#include "gds/base/base64.h"
#include "gds/base/secret.h"
#include "gds/http/engine.h"
#include "gds/report/exposition.h"

#include <fmt/core.h>

namespace gds::report {

namespace {

/// "/NAME/VALUE" of a grouping key. A '/' cannot be percent-encoded there and an empty value would
/// end the path, so both go as base64; "=" stands for the empty value.
std::string grouping(std::string_view name, std::string_view value) {
    if (value.empty()) {
        return fmt::format("/{}@base64/=", name);
    }
    if (value.find('/') != std::string_view::npos) {
        return fmt::format("/{}@base64/{}", name, base64(value, Base64Form::url));
    }
    return fmt::format("/{}/{}", name, http::encode_component(value));
}

std::string percent_decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (const auto byte = from_hex(text.substr(i + 1, 2)); byte && !byte->empty()) {
                result += *byte;
                i += 2;
                continue;
            }
        }
        result += text[i];
    }
    return result;
}

struct SplitUrl {
    std::string url;       ///< without userinfo
    Secret authorization;  ///< empty without userinfo
};

/// Userinfo moves into a header, so that no URL that is logged anywhere holds it.
SplitUrl split_userinfo(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) {
        return {url, Secret()};
    }
    const std::size_t begin = scheme + 3;
    const std::size_t end = url.find_first_of("/?#", begin);
    const std::size_t at = url.substr(0, end).rfind('@');
    if (at == std::string::npos || at < begin) {
        return {url, Secret()};
    }
    std::string userinfo = percent_decode(url.substr(begin, at - begin));
    if (userinfo.find(':') == std::string::npos) {
        userinfo += ':';
    }
    return {url.substr(0, begin) + url.substr(at + 1), Secret("Basic " + base64(userinfo))};
}

http::Options push_options(const PushTarget& target) {
    http::Options options;
    options.retries = 2;
    options.retry_max_wait = Millis(5'000);
    options.timeout = Millis(10'000);
    options.first_backoff = Millis(200);
    options.max_connections = 1;
    options.ca_cert = target.ca_cert;
    options.user_agent = fmt::format("{}/{}", target.job, GDS_VERSION);
    return options;
}

/// Send `request` to where the target's group is.
Status ask_gateway(const PushTarget& target, http::Request request, std::string_view failed) {
    const SplitUrl split = split_userinfo(target.base);
    request.url = push_url(split.url, target.job, target.instance);
    if (!split.authorization.empty()) {
        request.headers.add("Authorization", split.authorization.reveal());
    }
    request.authorize = false;
    Cancel never;
    http::Engine engine(push_options(target), never);
    const auto answer = engine.fetch(std::move(request));
    return answer ? Status()
                  : Status(answer.error().context(
                        fmt::format("{} {}", failed, http::loggable_url(split.url))));
}

}  // namespace

std::string push_url(const std::string& base, const std::string& job, const std::string& instance) {
    const std::string_view trimmed =
        std::string_view(base).substr(0, base.find_last_not_of('/') + 1);
    return fmt::format("{}/metrics{}{}", trimmed, grouping("job", job),
                       grouping("instance", instance));
}

Status push_exposition(const PushTarget& target, const std::string& exposition) {
    http::Request request;
    request.method = "POST";
    request.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    request.body = exposition;
    request.label = "metrics.push";
    return ask_gateway(target, std::move(request), "metrics were not pushed to");
}

Status delete_push(const PushTarget& target) {
    http::Request request;
    request.method = "DELETE";
    request.label = "metrics.delete";
    return ask_gateway(target, std::move(request), "old metrics were not deleted at");
}

}  // namespace gds::report
