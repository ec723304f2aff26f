#include "gds/registry/reference.h"

#include "gds/base/text.h"
#include "gds/http/message.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::registry {

namespace {

constexpr std::string_view kDockerHub = "docker.io";
constexpr std::string_view kDockerHubApi = "registry-1.docker.io";
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestTag = 128;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_small(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_big(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_word(char c) {
    return is_small(c) || is_big(c) || is_digit(c) || c == '_';
}

/// What may stand between two runs of small letters and digits: ".", "_", "__" or dashes.
bool is_separator(std::string_view text) {
    return text == "." || text == "_" || text == "__" ||
           std::all_of(text.begin(), text.end(), [](char c) { return c == '-'; });
}

bool is_path_component(std::string_view text) {
    const auto alphanumeric = [](char c) { return is_small(c) || is_digit(c); };
    if (text.empty() || !alphanumeric(text.front()) || !alphanumeric(text.back())) {
        return false;
    }
    for (const char* at = text.begin(); at != text.end();) {
        const char* separator = std::find_if_not(at, text.end(), alphanumeric);
        const char* next = std::find_if(separator, text.end(), alphanumeric);
        if (!is_separator({separator, static_cast<std::size_t>(next - separator)})) {
            return false;
        }
        at = next;
    }
    return true;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_host_name(std::string_view text) {
    const auto labels = split(text, '.');
    return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
        return !label.empty() && label.front() != '-' && label.back() != '-' &&
               std::all_of(label.begin(), label.end(),
                           [](char c) { return (is_word(c) && c != '_') || c == '-'; });
    });
}

bool is_ipv6(std::string_view text) {
    return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
           std::all_of(text.begin() + 1, text.end() - 1, [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
           });
}

bool is_host(std::string_view text) {
    const auto bracket = text.rfind(']');
    const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view name = text.substr(0, colon);
    return (is_host_name(name) || is_ipv6(name)) &&
           (colon == std::string_view::npos || is_port(text.substr(colon + 1)));
}

/// Docker's rule for whether what stands before the first slash is a host.
bool names_host(std::string_view first) {
    return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
           std::any_of(first.begin(), first.end(), is_big);
}

Error malformed(std::string_view text, std::string_view why) {
    return error(Code::invalid_argument,
                 fmt::format("\"{}\" is not an image reference: {}", printable(text), why));
}

/// Splits host and repository and fills in what Docker would.
Status set_name(Reference& reference, std::string_view name, std::string_view whole) {
    const auto slash = name.find('/');
    std::string_view host = kDockerHub;
    if (slash != std::string_view::npos && names_host(name.substr(0, slash))) {
        host = name.substr(0, slash);
        name.remove_prefix(slash + 1);
    }
    if (host == "index.docker.io") {
        host = kDockerHub;
    }
    if (!is_host(host)) {
        return malformed(whole, fmt::format("\"{}\" is no host", printable(host)));
    }
    reference.registry = host;
    const bool official = host == kDockerHub && name.find('/') == std::string_view::npos;
    reference.repository = official ? fmt::format("library/{}", name) : std::string(name);
    if (!is_repository_name(reference.repository)) {
        return malformed(whole,
                         "a repository is named by small letters and digits, with \".\", "
                         "\"_\" or \"-\" between them and \"/\" between its parts");
    }
    return {};
}

}  // namespace

std::string Endpoint::base_url() const {
    return fmt::format("{}://{}", plain_http ? "http" : "https",
                       host == kDockerHub ? kDockerHubApi : std::string_view(host));
}

std::string Reference::text() const {
    return fmt::format("{}/{}{}{}{}{}", registry, repository, tag.empty() ? "" : ":", tag,
                       digest.empty() ? "" : "@", digest.text());
}

Result<Reference> parse_reference(std::string_view text) {
    Reference reference;
    std::string_view name = text;
    if (const auto at = name.find('@'); at != std::string_view::npos) {
        auto digest = Digest::parse(name.substr(at + 1));
        if (!digest) {
            return malformed(text, digest.error().message);
        }
        reference.digest = *std::move(digest);
        name = name.substr(0, at);
    }
    const auto colon = name.rfind(':');
    const auto slash = name.rfind('/');
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
        reference.tag = name.substr(colon + 1);
        name = name.substr(0, colon);
        if (!is_tag_name(reference.tag)) {
            return malformed(text, fmt::format("\"{}\" is no tag", printable(reference.tag)));
        }
    }
    GDS_CHECK(set_name(reference, name, text));
    if (reference.tag.empty() && reference.digest.empty()) {
        reference.tag = "latest";
    }
    return reference;
}

Result<Endpoint> parse_endpoint(std::string_view text, bool plain_http) {
    static constexpr std::string_view kHttp = "http://";
    static constexpr std::string_view kHttps = "https://";
    Endpoint endpoint;
    endpoint.plain_http = plain_http;
    std::string_view host = text;
    if (host.starts_with(kHttp)) {
        endpoint.plain_http = true;
        host.remove_prefix(kHttp.size());
    } else if (host.starts_with(kHttps)) {
        endpoint.plain_http = false;
        host.remove_prefix(kHttps.size());
    }
    while (host.ends_with('/')) {
        host.remove_suffix(1);
    }
    if (!is_host(host)) {
        return error(Code::invalid_argument,
                     fmt::format("\"{}\" is no registry: give a host such as registry.example:5000",
                                 http::loggable_url(std::string(text))));
    }
    endpoint.host = host == "index.docker.io" ? kDockerHub : host;
    return endpoint;
}

bool is_repository_name(std::string_view name) {
    if (name.empty() || name.size() > kLongestName) {
        return false;
    }
    const auto parts = split(name, '/');
    return std::all_of(parts.begin(), parts.end(), is_path_component);
}

bool is_tag_name(std::string_view name) {
    return !name.empty() && name.size() <= kLongestTag && is_word(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

}  // namespace gds::registry
