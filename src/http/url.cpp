#include "url.h"

#include <algorithm>

namespace gds::http {

namespace {

struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};

}  // namespace

Url parse_url(const std::string& text) {
    Url url(curl_url());
    if (url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        url.reset();
    }
    return url;
}

std::string url_part(CURLU* url, CURLUPart which, unsigned flags) {
    char* raw = nullptr;
    if (curl_url_get(url, which, &raw, flags) != CURLUE_OK) {
        return {};
    }
    const std::unique_ptr<char, FreeText> text(raw);
    return text.get();
}

std::string resolve_url(const std::string& base, const std::string& reference) {
    if (reference.starts_with('#')) {
        return base.substr(0, base.find('#')) + reference;
    }
    constexpr unsigned kLenient = CURLU_ALLOW_SPACE | CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;
    const Url url = parse_url(base);
    const bool resolved =
        url && curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0) == CURLUE_OK &&
        curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), kLenient) == CURLUE_OK;
    return resolved ? url_part(url.get(), CURLUPART_URL) : reference;
}

PlainUrl split_plain_url(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) {
        return {};
    }
    const auto* const host = url.begin() + scheme + 3;
    const auto* const rest =
        std::find_if(host, url.end(), [](char c) { return c == '/' || c == '?' || c == '#'; });
    // Where there is no host a parser takes one from what follows.
    if (rest == host ||
        !std::all_of(rest, url.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
        return {};
    }
    PlainUrl parts;
    parts.authority = url.substr(0, static_cast<std::size_t>(rest - url.begin()));
    const std::string_view target = url.substr(parts.authority.size());
    // Neither is a fragment sent, nor a path with dots in it, which are steps.
    if (target.starts_with('/') && target.find('#') == std::string_view::npos &&
        target.find("/.") == std::string_view::npos) {
        parts.target = target;
    }
    return parts;
}

}  // namespace gds::http
