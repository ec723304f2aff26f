#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/base/text.h"
#include "gds/http/message.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace gds::http {

/// Puts credentials on requests. Called on the engine's thread; may block for a token refresh.
class Authorizer {
public:
    virtual ~Authorizer() = default;
    /// The Authorization value for a request to this URL; empty where no credentials may go there.
    virtual Result<std::string> authorization(const Request& request, const std::string& url) = 0;
    /// An attempt came back 401. True: new credentials are there, try once more.
    virtual Result<bool> refused(const Request& request, const Response& response) = 0;
};

struct Options {
    int retries = 8;                    ///< further attempts after the first
    Millis retry_max_wait{120'000};     ///< longest single wait; a longer Retry-After is an error
    Millis timeout{60'000};             ///< without a byte, or with fewer than 16 a second
    int max_connections = 32;           ///< exchanges on the wire at once, at most
    std::int64_t bytes_per_second = 0;  ///< of all bodies together; 0 for no bound
    double requests_per_second = 0;     ///< 0 for no bound
    /// What the attempts begun in any `cost_span` may cost together, the last one's excess aside;
    /// 0 for no bound. It is one account for all that the engine sends.
    std::int64_t max_cost = 0;
    Millis cost_span{60'000};
    /// max_cost is no bound before the first rate answer: who runs the server may allow more.
    bool max_cost_once_limited = false;
    std::string ca_cert;  ///< PEM file that adds to the system's trust
    std::string user_agent;
    bool http2 = true;              ///< offer HTTP/2 by ALPN
    std::uint64_t jitter_seed = 0;  ///< 0: from the system's random source
    Millis first_backoff{1'000};    ///< doubled by each attempt, plus jitter of at most 1 s
};

/// One logical request, over as many attempts as it takes. All calls come on the engine's thread.
class Exchange {
public:
    virtual ~Exchange() = default;
    /// Called before each attempt, so that a retry can continue where the last one broke.
    virtual Result<Request> request() = 0;
    /// Status and headers of an accepted answer, before its first byte. An error ends the attempt
    /// and counts like one from the classifier.
    virtual Status head(const Response& /*head*/) { return {}; }
    /// Bytes of an accepted answer's body. Error bodies never come here.
    virtual Status body(std::string_view bytes) = 0;
    /// All bytes of an accepted answer are here: an error here (a short or wrong body) is judged
    /// for a retry like any other.
    virtual Status end() { return {}; }
    /// The last call: accepted (the head, with an empty body) or finally failed.
    virtual void done(Result<Response> result) = 0;
};

/// What an engine did, by label and reason; for reports and metrics.
struct Counters {
    std::map<std::string, std::int64_t, std::less<>> requests;  ///< attempts by Request::label
    std::map<std::string, std::int64_t, std::less<>> retries;   ///< by reason, or code_label()
    std::map<int, std::int64_t> statuses;                       ///< answers by HTTP status
    std::int64_t body_bytes = 0;
    std::int64_t cost = 0;  ///< of all attempts together
};

/// curl's multi interface as a queue of exchanges: connections stay open and are shared, retries
/// wait without holding a place, a rate answer slows everything down. Not thread-safe but wake().
class Engine {
public:
    /// A pump() waits no longer unless told to: a deadline of our own wakes no file descriptor and
    /// is noticed between two waits. A stop is seen at once.
    static constexpr Millis kLongestWait{500};

    /// `authorizer` may be null. Both references must outlive the engine.
    Engine(Options options, Cancel& cancel, Authorizer* authorizer = nullptr);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Queue an exchange; it starts at the next pump(). May be called from a callback.
    void start(std::shared_ptr<Exchange> exchange);
    /// Queue a request whose body is small enough to be kept; `done` is called once.
    void send(Request request, std::function<void(Result<Response>)> done);
    /// Send one request and pump until it is answered; the others go on meanwhile. Not from
    /// callbacks.
    Result<Response> fetch(Request request);

    /// Let transfers progress and wait for at most `wait` for something to happen (a byte, a due
    /// retry, wake(), a stop). False where nothing is queued, waiting or on the wire any more.
    bool pump(Millis wait = kLongestWait);
    /// pump() until nothing is left. After a stop every exchange ends with Code::cancelled.
    void run();
    /// End a waiting pump(). The only member that other threads may call.
    void wake();

    /// Exchanges that are queued, waiting for a retry, or on the wire.
    [[nodiscard]] std::size_t pending() const;
    [[nodiscard]] const Counters& counters() const;
    /// More or fewer exchanges on the wire at once, from now on.
    void set_max_connections(int count);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gds::http
