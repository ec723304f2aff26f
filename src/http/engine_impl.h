#pragma once

#include "attempt.h"
#include "gds/http/engine.h"
#include "throttle.h"
#include "transport_error.h"
#include "trust.h"

#include <curl/curl.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <unordered_map>
#include <vector>

namespace gds::http {

/// "GET https://host/path", as it may appear in messages.
std::string described(const Request& request);

/// The event loop. A job is in exactly one place: ready_, waiting_ (for its next attempt) or
/// active_ (on the wire). Callbacks of exchanges may start more; they only ever touch ready_.
class Engine::Impl {
public:
    Impl(Options options, Cancel& cancel, Authorizer* authorizer);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void start(Job job) { ready_.push_back(std::move(job)); }
    bool pump(Millis wait);
    void wake() { curl_multi_wakeup(multi_.get()); }
    [[nodiscard]] bool in_curl() const { return in_curl_; }
    [[nodiscard]] std::size_t pending() const {
        return ready_.size() + waiting_.size() + active_.size();
    }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    void set_max_connections(int count);

private:
    struct Cleanup {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };
    struct ShareCleanup {
        void operator()(CURLSH* share) const { curl_share_cleanup(share); }
    };

    // The loop, in this order.
    void perform();
    void reap();
    void refill();
    void poll(Millis wait);
    /// When the next exchange may start, if there is a place for it.
    [[nodiscard]] Clock::time_point start_time(Clock::time_point now);
    [[nodiscard]] Clock::time_point next_event(Clock::time_point limit);

    // One attempt's way.
    void begin(Job job);
    void launch(Job job);
    /// Takes the attempt over, unless it fails.
    Status put_on_wire(std::unique_ptr<Attempt>& attempt, const std::string& authorization);
    void conclude(Attempt& attempt, CURLcode code);
    void follow(Job job, int status, const std::string& target);
    /// True where the job goes on with new credentials; an error of the authorizer is final.
    Result<bool> reauthorized(Job& job, const Response& response, const Error& failure);
    void retry_or_finish(Job job, const Failure& failure, bool may_resend);
    std::optional<Millis> wait_before_retry(const Job& job, const Failure& failure,
                                            bool may_resend);
    void slow_down(const Job& job, const Error& failure, Millis cool_down);
    void finish(const Job& job, const Error& failure);
    void finish_all(const Error& reason);

    Result<const Trust*> trust();
    std::unique_ptr<Easy> take_easy();
    void recycle(std::unique_ptr<Easy> easy);
    void share_bandwidth();

    Options options_;
    Cancel& cancel_;
    Authorizer* authorizer_;
    std::unique_ptr<CURLM, Cleanup> multi_;
    std::unique_ptr<CURLSH, ShareCleanup> share_;  ///< TLS sessions; outlives every Easy
    std::optional<Result<Trust>> trust_;
    std::vector<std::unique_ptr<Easy>> idle_;
    std::unordered_map<CURL*, std::unique_ptr<Attempt>> active_;
    std::multimap<Clock::time_point, Job> waiting_;
    std::deque<Job> ready_;
    Throttle throttle_;
    bool full_ = false;  ///< the throttle alone kept more from being on the wire
    Allowance rate_;     ///< of requests
    Allowance cost_;
    bool told_of_cost_ = false;
    Counters counters_;
    std::mt19937_64 random_;
    bool in_curl_ = false;
};

}  // namespace gds::http
