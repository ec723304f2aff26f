#pragma once

#include "easy.h"
#include "gds/http/engine.h"
#include "transport_error.h"
#include "trust.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gds::http {

/// One exchange and what it has cost so far.
struct Job {
    std::shared_ptr<Exchange> exchange;
    bool buffered = false;  ///< the engine keeps the body, within Request::max_body
    Request request;        ///< of the current attempt; its url follows redirects
    int attempts = 0;
    int retries = 0;
    int bad_responses = 0;
    int redirects = 0;          ///< of the current attempt
    bool reauthorized = false;  ///< a 401 was answered with new credentials once
};

/// What Request::classify says, completed with the answer's status and Retry-After.
std::optional<Error> classified(const Request& request, const Response& response);

/// One request on the wire, and what curl's callbacks learn of its answer.
class Attempt {
public:
    Attempt(Job job, std::unique_ptr<Easy> easy) : job_(std::move(job)), easy_(std::move(easy)) {}

    /// Set every option of the transfer; `trust` must outlive it.
    Status prepare(const Options& options, const Trust& trust, const std::string& authorization);
    /// After curl is done with it: nullopt for a whole and accepted answer.
    std::optional<Failure> judge(CURLcode code);
    /// True where the answer asks to go elsewhere.
    [[nodiscard]] bool redirected() const;
    /// The absolute URL of a redirect; empty where the answer named none.
    [[nodiscard]] std::string redirect_target() const;
    /// False for a request that may take effect twice: it is not idempotent, and bytes of it are
    /// out.
    [[nodiscard]] bool may_resend() const;

    [[nodiscard]] Job& job() { return job_; }
    [[nodiscard]] Easy& easy() { return *easy_; }
    [[nodiscard]] Response& response() { return response_; }
    [[nodiscard]] std::int64_t body_bytes() const { return body_bytes_; }
    std::unique_ptr<Easy> release_easy() { return std::move(easy_); }

private:
    using Callback = std::size_t(char*, std::size_t, std::size_t, void*) noexcept;
    static Callback on_header;
    static Callback on_body;
    static CURLcode on_tls(CURL* handle, void* context, void* trust) noexcept;
    static int on_send(void* self, char* server, char* own, int port, int own_port) noexcept;

    /// What is the same for each request of an engine.
    void prepare_connection(const Options& options, const Trust& trust);
    void prepare_request(const Options& options);
    void prepare_method();
    Status prepare_headers(const Options& options, const std::string& authorization);
    Status add_header(const std::string& name, const std::string& value);
    /// Run one step of a callback, and keep its failure for judge(); false aborts the transfer.
    template <class Step>
    bool keep_failure(Step step) noexcept;
    Status take_header(std::string_view line);
    Status take_head();
    Status take_body(std::string_view bytes);
    Status deliver_kept_body();

    Job job_;
    std::unique_ptr<Easy> easy_;
    Response response_;
    std::optional<Error> failure_;  ///< of our own side of a callback
    std::array<char, CURL_ERROR_SIZE> detail_{};
    std::size_t header_bytes_ = 0;
    std::int64_t body_bytes_ = 0;
    bool tls_ = false;
    bool sent_ = false;
    bool head_complete_ = false;
    bool kept_body_full_ = false;
    bool hopeless_ = false;  ///< another attempt would fail the same way
};

}  // namespace gds::http
