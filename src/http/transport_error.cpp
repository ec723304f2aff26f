#include "transport_error.h"

#include "gds/http/message.h"

#include <fmt/core.h>

namespace gds::http {

namespace {

/// Trying again does not mend a certificate, but the other side is what cannot be reached.
Failure certificate_failure(const std::string& text, const std::string& url) {
    const Result<std::string> origin = origin_of(url);
    return {error(Code::unavailable,
                  fmt::format("the certificate of {} (or of the proxy before it) is not trusted: "
                              "{}; if a private authority signed it, give its certificate with "
                              "--ca-cert",
                              origin ? *origin : loggable_url(url), text)),
            true};
}

/// curl names the host that it did not reach, which is the proxy's where there is one.
std::string with_proxy(const std::string& text, const std::string& url) {
    const Result<std::string> origin = origin_of(url);
    const auto host = origin ? origin->substr(origin->find("://") + 3) : std::string();
    const bool own = text.find(host.substr(0, host.rfind(':'))) != std::string::npos;
    return own ? text : text + " (the proxy that HTTPS_PROXY names)";
}

}  // namespace

Failure transport_failure(CURLcode code, const std::string& detail, const std::string& url) {
    const std::string text = detail.empty() ? curl_easy_strerror(code) : detail;
    switch (code) {
        case CURLE_OK:
            // curl is content with a connection that ends within the header.
            return {error(Code::unavailable, "the connection ended within the answer's header")};
        case CURLE_UNSUPPORTED_PROTOCOL:  // the answer is not HTTP; URLs are checked before
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_WRITE_ERROR:  // not our callback's: curl could not decode the body
        case CURLE_BAD_CONTENT_ENCODING: return {error(Code::bad_response, text)};
        case CURLE_URL_MALFORMAT: return {error(Code::invalid_argument, text), true};
        case CURLE_FAILED_INIT:
        case CURLE_NOT_BUILT_IN:
        case CURLE_OUT_OF_MEMORY:
        case CURLE_BAD_FUNCTION_ARGUMENT:
        case CURLE_UNKNOWN_OPTION: return {error(Code::internal, text), true};
        case CURLE_COULDNT_CONNECT: return {error(Code::unavailable, with_proxy(text, url))};
        case CURLE_OPERATION_TIMEDOUT: return {error(Code::timeout, text)};
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS: return certificate_failure(text, url);
        default:
            // Names, connections, handshakes, resets, cut bodies, HTTP/2 streams.
            return {error(Code::unavailable, text)};
    }
}

}  // namespace gds::http
