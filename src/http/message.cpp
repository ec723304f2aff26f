#include "gds/http/message.h"

#include "gds/base/text.h"
#include "url.h"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace gds::http {

namespace {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

void Headers::add(std::string name, std::string value) {
    if (fields_.empty()) {
        fields_.reserve(8);  // as many as an answer mostly has
    }
    fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const auto& f) { return same_name(f.first, name); });
    return field == fields_.end() ? std::nullopt : std::optional<std::string_view>(field->second);
}

std::optional<Error> classify_by_status(const Response& response) {
    const int status = response.status;
    if (status >= 200 && status < 300) {
        return std::nullopt;
    }
    Code code = Code::bad_response;
    if (status == 401) {
        code = Code::unauthenticated;
    } else if (status == 403) {
        code = Code::permission_denied;
    } else if (status == 404 || status == 410) {
        code = Code::not_found;
    } else if (status == 408) {
        code = Code::timeout;
    } else if (status == 409 || status == 412) {
        code = Code::conflict;
    } else if (status == 429) {
        code = Code::rate_limited;
    } else if (status >= 500) {
        code = Code::unavailable;
    } else if (status >= 400) {
        code = Code::invalid_argument;
    }
    Error failure = error(code, status_text(status));
    failure.http_status = status;
    return failure;
}

std::string status_text(int status) {
    static constexpr std::array kNames{
        std::pair{200, "OK"},
        std::pair{301, "Moved Permanently"},
        std::pair{302, "Found"},
        std::pair{303, "See Other"},
        std::pair{304, "Not Modified"},
        std::pair{307, "Temporary Redirect"},
        std::pair{308, "Permanent Redirect"},
        std::pair{400, "Bad Request"},
        std::pair{401, "Unauthorized"},
        std::pair{403, "Forbidden"},
        std::pair{404, "Not Found"},
        std::pair{405, "Method Not Allowed"},
        std::pair{408, "Request Timeout"},
        std::pair{409, "Conflict"},
        std::pair{410, "Gone"},
        std::pair{412, "Precondition Failed"},
        std::pair{416, "Range Not Satisfiable"},
        std::pair{429, "Too Many Requests"},
        std::pair{500, "Internal Server Error"},
        std::pair{502, "Bad Gateway"},
        std::pair{503, "Service Unavailable"},
        std::pair{504, "Gateway Timeout"},
    };
    const auto* found = std::find_if(kNames.begin(), kNames.end(),
                                     [&](const auto& entry) { return entry.first == status; });
    return found == kNames.end() ? std::to_string(status)
                                 : fmt::format("{} {}", status, found->second);
}

namespace {

void append_encoded(std::string& text, std::string_view component) {
    for (const char c : component) {
        const bool alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (alphanumeric || c == '-' || c == '.' || c == '_' || c == '~') {
            text += c;
        } else {
            text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
}

}  // namespace

std::string encode_component(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    append_encoded(result, text);
    return result;
}

std::string with_query(std::string base, const Query& parameters) {
    char separator = base.find('?') == std::string::npos ? '?' : '&';
    for (const auto& [name, value] : parameters) {
        base += separator;
        append_encoded(base, name);
        base += '=';
        append_encoded(base, value);
        separator = '&';
    }
    return base;
}

namespace {

Result<std::string> parse_origin(const std::string& text) {
    const Url url = parse_url(text);
    const std::string scheme = url ? url_part(url.get(), CURLUPART_SCHEME) : "";
    if (scheme != "http" && scheme != "https") {
        return error(Code::invalid_argument,
                     fmt::format("\"{}\" is not an http or https URL", loggable_url(text)));
    }
    std::string host = url_part(url.get(), CURLUPART_HOST);
    std::transform(host.begin(), host.end(), host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return fmt::format("{}://{}:{}", scheme, host,
                       url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
}

}  // namespace

Result<std::string> origin_of(const std::string& text) {
    // Most requests go where the last one went, and parsing a URL costs much of sending it.
    thread_local std::pair<std::string, std::string> last;
    const std::string_view authority = split_plain_url(text).authority;
    if (!authority.empty() && authority == last.first) {
        return last.second;
    }
    auto origin = parse_origin(text);
    if (origin && !authority.empty()) {
        last = {std::string(authority), *origin};
    }
    return origin;
}

std::string loggable_url(const std::string& text) {
    const Url url = parse_url(text);
    if (!url) {
        // Not a URL: a password could stand anywhere before an "@", a token after a "?".
        const std::string head = text.substr(0, text.find_first_of("?#"));
        const auto at = head.rfind('@');
        return printable(at == std::string::npos ? head : "***" + head.substr(at));
    }
    const bool userinfo =
        !(url_part(url.get(), CURLUPART_USER) + url_part(url.get(), CURLUPART_PASSWORD)).empty();
    const std::string port = url_part(url.get(), CURLUPART_PORT);
    return printable(fmt::format("{}://{}{}{}{}{}", url_part(url.get(), CURLUPART_SCHEME),
                                 userinfo ? "***@" : "", url_part(url.get(), CURLUPART_HOST),
                                 port.empty() ? "" : ":", port,
                                 url_part(url.get(), CURLUPART_PATH)));
}

std::optional<std::chrono::seconds> retry_after(const Headers& headers) {
    const auto field = headers.get("Retry-After");
    if (!field) {
        return std::nullopt;
    }
    const std::string_view text = trim(*field);
    std::int64_t seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (problem == std::errc() && end == text.data() + text.size()) {
        return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 365LL * 86400));
    }
    const auto when = parse_http_date(text);
    // Measured against the server's own clock: ours may be wrong.
    const auto now = parse_http_date(headers.get("Date").value_or(""));
    if (!when || !now) {
        return std::nullopt;
    }
    return std::chrono::seconds(std::max<std::int64_t>(*when - *now, 0));
}

}  // namespace gds::http
