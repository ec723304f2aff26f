#include "attempt.h"

#include "cipher_order.h"
#include "gds/base/text.h"
#include "redirect.h"
#include "url.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace gds::http {

namespace {

constexpr std::size_t kKeptBodyLimit = 64 * 1024;
constexpr std::size_t kHeaderLimit = 256 * 1024;
constexpr std::chrono::seconds kLongestConnect{30};

bool is_success(int status) {
    return status >= 200 && status < 300;
}

bool may_repeat(const Request& request) {
    const std::string& method = request.method;
    return request.idempotent.value_or(method == "GET" || method == "HEAD" || method == "PUT" ||
                                       method == "DELETE");
}

bool has_body(const Request& request) {
    return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

/// Each exchange has buffers of its own for as long as it lasts. A TLS record holds 16 KiB, so that
/// more would stay empty; requests here are a few hundred bytes.
constexpr std::int64_t kReceiveBuffer = 16L * 1024;
constexpr long kSendBuffer = 16L * 1024;  // the least that curl takes

/// Bytes a second; with fewer there would be no end to what a timeout is to bound.
constexpr long kSlowest = 16;

/// curl reads up to a hundred buffers before it looks at its speed limit: with a hundredth of the
/// rate in each, a burst lasts no longer than a second.
long buffer_size(std::int64_t bytes_per_second) {
    const std::int64_t wanted = bytes_per_second > 0 ? bytes_per_second / 100 : kReceiveBuffer;
    return long{std::clamp<std::int64_t>(wanted, 1024, kReceiveBuffer)};
}

bool holds_line_break(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

std::optional<Error> classified(const Request& request, const Response& response) {
    std::optional<Error> refused = request.classify(response);
    if (refused) {
        refused->http_status = response.status;
        if (!refused->retry_after) {
            refused->retry_after = retry_after(response.headers);
        }
    }
    return refused;
}

CURLcode Attempt::on_tls(CURL* /*handle*/, void* context, void* trust) noexcept {
    static_cast<const Trust*>(trust)->use_in(static_cast<SSL_CTX*>(context));
    prefer_cheaper_aes(static_cast<SSL_CTX*>(context));
    return CURLE_OK;
}

int Attempt::on_send(void* self, char* /*server*/, char* /*own*/, int /*port*/,
                     int /*own_port*/) noexcept {
    auto& attempt = *static_cast<Attempt*>(self);
    // Where a kept connection turns out dead curl sends once more by itself, and gives up after
    // five such times in the life of a handle, unless it is reset.
    if (std::exchange(attempt.sent_, true)) {
        attempt.easy_->only_once();
    }
    return CURL_PREREQFUNC_OK;
}

void Attempt::prepare_connection(const Options& options, const Trust& trust) {
    Easy& easy = *easy_;
    // Programs hold no more of what libcurl can do than that: cmake/Libcurl.cmake.
    easy.set(CURLOPT_PROTOCOLS_STR, std::string("http,https"));
    easy.set(CURLOPT_SOCKS5_AUTH, long{CURLAUTH_BASIC});
    easy.set(CURLOPT_NOSIGNAL, 1L);
    easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    easy.set(CURLOPT_TCP_KEEPALIVE, 1L);
    easy.prefer(CURLOPT_BUFFERSIZE, buffer_size(options.bytes_per_second));
    easy.prefer(CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
    easy.set(CURLOPT_HTTP_VERSION,
             options.http2 ? long{CURL_HTTP_VERSION_2TLS} : long{CURL_HTTP_VERSION_1_1});
    // curl would decode the whole of the system's certificates for each connection.
    for (const CURLoption place :
         {CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH}) {
        easy.set_pointer(place, nullptr);
    }
    easy.set_callback(CURLOPT_SSL_CTX_FUNCTION, &Attempt::on_tls);
    easy.set_pointer(CURLOPT_SSL_CTX_DATA, &trust);
    const auto idle =
        std::max(std::chrono::ceil<std::chrono::seconds>(options.timeout), std::chrono::seconds(1));
    easy.set(CURLOPT_LOW_SPEED_LIMIT, options.bytes_per_second > 0 ? 1L : kSlowest);
    easy.set(CURLOPT_LOW_SPEED_TIME, long{idle.count()});
    easy.set(CURLOPT_CONNECTTIMEOUT_MS,
             long{std::min(options.timeout, Millis(kLongestConnect)).count()});
    easy.set_callback(CURLOPT_PREREQFUNCTION, &Attempt::on_send);
    easy.set_callback(CURLOPT_HEADERFUNCTION, &Attempt::on_header);
    easy.set_callback(CURLOPT_WRITEFUNCTION, &Attempt::on_body);
}

void Attempt::prepare_request(const Options& options) {
    Easy& easy = *easy_;
    const Request& request = job_.request;
    easy.set_url(request.url);
    // Rather a stream on a connection that is being made than one more connection.
    easy.set(CURLOPT_PIPEWAIT, long{options.http2 && tls_});
    if (!may_repeat(request)) {
        // On a kept connection that turns out dead, curl would send the request again by itself.
        easy.only_once().set(CURLOPT_FRESH_CONNECT, 1L);
    }
    if (request.time_limit > Millis(0)) {
        easy.only_once().set(CURLOPT_TIMEOUT_MS, long{request.time_limit.count()});
    }
    if (request.compressed) {
        easy.only_once().set(CURLOPT_ACCEPT_ENCODING, std::string("gzip"));
    }
    easy.set_pointer(CURLOPT_PREREQDATA, this);
    easy.set_pointer(CURLOPT_HEADERDATA, this);
    easy.set_pointer(CURLOPT_WRITEDATA, this);
    easy.set_pointer(CURLOPT_ERRORBUFFER, detail_.data());
}

void Attempt::prepare_method() {
    Easy& easy = *easy_;
    const Request& request = job_.request;
    if (request.method == "HEAD") {
        easy.only_once().set(CURLOPT_NOBODY, 1L);
        return;
    }
    const bool sends = has_body(request);
    if (sends) {
        easy.only_once().set(CURLOPT_POST, 1L);
        easy.set_offset(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        easy.set_pointer(CURLOPT_POSTFIELDS, request.body.c_str());
    }
    if (request.method != (sends ? "POST" : "GET")) {
        easy.only_once().set(CURLOPT_CUSTOMREQUEST, request.method);
    }
}

Status Attempt::add_header(const std::string& name, const std::string& value) {
    if (holds_line_break(name) || holds_line_break(value)) {
        return error(Code::invalid_argument,
                     fmt::format("header {} holds a line break", printable(name)));
    }
    // A semicolon is how curl is told of an empty value.
    easy_->add_header(value.empty() ? name + ";" : name + ": " + value);
    return {};
}

Status Attempt::prepare_headers(const Options& options, const std::string& authorization) {
    Easy& easy = *easy_;
    easy.set_tunnel_agent(tls_ ? options.user_agent : std::string());
    if (!options.user_agent.empty()) {
        GDS_CHECK(add_header("User-Agent", options.user_agent));
    }
    for (const auto& [name, value] : job_.request.headers.all()) {
        GDS_CHECK(add_header(name, value));
    }
    if (!authorization.empty()) {
        GDS_CHECK(add_header("Authorization", authorization));
    }
    if (has_body(job_.request)) {
        // No wait for "100 Continue", and no form as the type of what is none: a bare colon
        // removes.
        easy.add_header("Expect:");
        if (!job_.request.headers.get("Content-Type")) {
            easy.add_header("Content-Type:");
        }
    }
    easy.use_headers();
    return {};
}

Status Attempt::prepare(const Options& options, const Trust& trust,
                        const std::string& authorization) {
    const std::string origin = GDS_TRY(origin_of(job_.request.url));
    tls_ = origin.starts_with("https:");
    Easy& easy = *easy_;
    if (easy.is_blank()) {
        prepare_connection(options, trust);
    }
    prepare_request(options);
    prepare_method();
    GDS_CHECK(prepare_headers(options, authorization));
    if (easy.failure() != CURLE_OK) {
        return error(Code::internal, fmt::format("libcurl refuses an option: {}",
                                                 curl_easy_strerror(easy.failure())));
    }
    response_.url = job_.request.url;
    return {};
}

template <class Step>
bool Attempt::keep_failure(Step step) noexcept {
    try {
        if (Status done = step(); !done) {
            failure_ = std::move(done).error();
        }
    } catch (...) {
        // Nothing may be thrown through curl's C frames; an Error without text allocates nothing.
        failure_ = Error{};
    }
    return !failure_;
}

std::size_t Attempt::on_header(char* data, std::size_t size, std::size_t count,
                               void* self) noexcept {
    auto& attempt = *static_cast<Attempt*>(self);
    const std::size_t length = size * count;
    return attempt.keep_failure([&] { return attempt.take_header({data, length}); }) ? length : 0;
}

std::size_t Attempt::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& attempt = *static_cast<Attempt*>(self);
    const std::size_t length = size * count;
    const bool kept = attempt.keep_failure([&] { return attempt.take_body({data, length}); });
    return kept && !attempt.kept_body_full_ ? length : 0;
}

Status Attempt::take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > kHeaderLimit) {
        return error(Code::bad_response, "the answer's header is longer than 256 KiB");
    }
    if (head_complete_) {
        return {};  // a trailer
    }
    if (line.substr(0, 5) == "HTTP/") {
        response_.headers.clear();
        return {};
    }
    const std::string_view field = trim(line);
    if (field.empty()) {
        return take_head();
    }
    const auto colon = field.find(':');
    if (colon != std::string_view::npos) {
        response_.headers.add(std::string(field.substr(0, colon)),
                              std::string(trim(field.substr(colon + 1))));
    }
    return {};
}

Status Attempt::take_head() {
    const int status = static_cast<int>(easy_->info_long(CURLINFO_RESPONSE_CODE));
    if (status < 200) {
        return {};  // informational: the answer is still to come
    }
    response_.status = status;
    head_complete_ = true;
    if (!is_success(status)) {
        return {};
    }
    // Whoever keeps the whole body classifies the answer together with it.
    if (!job_.buffered) {
        if (auto refused = classified(job_.request, response_)) {
            return *refused;
        }
    }
    return job_.exchange->head(response_);
}

Status Attempt::take_body(std::string_view bytes) {
    body_bytes_ += static_cast<std::int64_t>(bytes.size());
    if (!is_success(response_.status)) {
        const std::size_t room = kKeptBodyLimit - response_.body.size();
        response_.body.append(bytes.substr(0, room));
        kept_body_full_ = bytes.size() > room;
        return {};
    }
    if (job_.buffered && body_bytes_ > job_.request.max_body) {
        hopeless_ = true;
        return error(Code::bad_response, fmt::format("the answer is longer than {}",
                                                     format_size(job_.request.max_body)));
    }
    return job_.exchange->body(bytes);
}

Status Attempt::deliver_kept_body() {
    const std::string body = std::exchange(response_.body, {});
    GDS_CHECK(job_.exchange->head(response_));
    return body.empty() ? Status() : job_.exchange->body(body);
}

std::optional<Failure> Attempt::judge(CURLcode code) {
    if (failure_) {
        return Failure{*failure_, hopeless_};
    }
    const bool whole = code == CURLE_OK || kept_body_full_;
    if (head_complete_ && !is_success(response_.status)) {
        // A status says more than a cut body of it.
        if (auto refused = classified(job_.request, response_)) {
            return Failure{*refused};
        }
    }
    if (!whole || !head_complete_) {
        return transport_failure(code, detail_.data(), job_.request.url);
    }
    if (!is_success(response_.status)) {
        // Accepted by the classifier all the same.
        if (const Status delivered = deliver_kept_body(); !delivered) {
            return Failure{delivered.error()};
        }
    }
    if (const Status ended = job_.exchange->end(); !ended) {
        return Failure{ended.error()};
    }
    return std::nullopt;
}

bool Attempt::redirected() const {
    return !failure_ && head_complete_ && is_redirect(response_.status);
}

std::string Attempt::redirect_target() const {
    const auto location = response_.headers.get("Location").value_or("");
    return location.empty() ? "" : resolve_url(job_.request.url, std::string(location));
}

bool Attempt::may_resend() const {
    return may_repeat(job_.request) || easy_->info_long(CURLINFO_REQUEST_SIZE) == 0;
}

}  // namespace gds::http
