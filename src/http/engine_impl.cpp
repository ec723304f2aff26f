#include "engine_impl.h"

#include "gds/base/log.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::http {

namespace {

// A shorter wait for the allowance of costs is not worth a word.
constexpr std::chrono::seconds kTellingWait{2};

std::uint64_t seed_or_random(std::uint64_t seed) {
    return seed != 0 ? seed : std::random_device{}();
}

CURLM* make_multi() {
    // Once a process, before the first handle; libcurl counts no threads here.
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    return initialized == CURLE_OK ? curl_multi_init() : nullptr;
}

}  // namespace

Engine::Impl::Impl(Options options, Cancel& cancel, Authorizer* authorizer)
    : options_(std::move(options)),
      cancel_(cancel),
      authorizer_(authorizer),
      multi_(make_multi()),
      share_(curl_share_init()),
      throttle_(options_.max_connections),
      rate_(Allowance::of_rate(options_.requests_per_second)),
      cost_(options_.max_cost, options_.cost_span),
      random_(seed_or_random(options_.jitter_seed)) {
    // The next connection to a host goes on with the session of an earlier one, without another
    // look at its certificates: trust is the same for all that the engine does.
    curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
    set_max_connections(options_.max_connections);
}

Engine::Impl::~Impl() {
    for (const auto& [handle, attempt] : active_) {
        curl_multi_remove_handle(multi_.get(), handle);
    }
}

void Engine::Impl::set_max_connections(int count) {
    throttle_.set_bound(count);
    // Kept connections: without this curl keeps no more than four for each handle in use just now.
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, long{std::max(count, 1)});
}

bool Engine::Impl::pump(Millis wait) {
    if (cancel_.stopped()) {
        finish_all(error(Code::cancelled, "stopped before the answer was complete"));
        return pending() > 0;
    }
    perform();
    reap();
    refill();
    if (pending() == 0) {
        return false;
    }
    poll(wait);
    return true;
}

void Engine::Impl::perform() {
    int running = 0;
    in_curl_ = true;
    const CURLMcode code = curl_multi_perform(multi_.get(), &running);
    in_curl_ = false;
    if (code != CURLM_OK) {
        finish_all(error(Code::internal, fmt::format("libcurl's event loop failed: {}",
                                                     curl_multi_strerror(code))));
    }
}

void Engine::Impl::reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        const CURLcode code = message->data.result;
        auto node = active_.extract(message->easy_handle);
        curl_multi_remove_handle(multi_.get(), node.key());
        conclude(*node.mapped(), code);
        // One that failed may keep a login, not even a reset of which is sure: it is not used
        // again.
        if (code == CURLE_OK) {
            recycle(node.mapped()->release_easy());
        }
    }
}

void Engine::Impl::refill() {
    const auto now = Clock::now();
    const auto due = waiting_.upper_bound(now);
    for (auto waiting = waiting_.begin(); waiting != due; ++waiting) {
        ready_.push_front(std::move(waiting->second));
    }
    waiting_.erase(waiting_.begin(), due);
    while (!ready_.empty() && static_cast<int>(active_.size()) < throttle_.limit() &&
           start_time(now) <= now) {
        rate_.take(now);
        Job job = std::move(ready_.front());
        ready_.pop_front();
        begin(std::move(job));
    }
    full_ = static_cast<int>(active_.size()) >= throttle_.limit();
    if (full_) {
        throttle_.held_back(now);
    }
    share_bandwidth();
}

Clock::time_point Engine::Impl::start_time(Clock::time_point now) {
    const bool bound = throttle_.was_limited() || !options_.max_cost_once_limited;
    const auto paid = bound ? cost_.ready_at(now) : now;
    if (paid - now > kTellingWait && !std::exchange(told_of_cost_, true)) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(paid - now);
        log::info("the quota is spent for now, so requests wait",
                  {{"quota", options_.max_cost}, {"wait_s", wait.count()}});
    }
    return std::max({throttle_.resume_at(), rate_.ready_at(now), paid});
}

Clock::time_point Engine::Impl::next_event(Clock::time_point limit) {
    if (!waiting_.empty()) {
        limit = std::min(limit, waiting_.begin()->first);
    }
    if (!ready_.empty() && static_cast<int>(active_.size()) < throttle_.limit()) {
        limit = std::min(limit, start_time(Clock::now()));
    }
    return limit;
}

void Engine::Impl::poll(Millis wait) {
    const auto now = Clock::now();
    const Millis span =
        std::max(std::chrono::ceil<Millis>(next_event(now + wait) - now), Millis(0));
    curl_waitfd stop{};
    stop.fd = cancel_.wake_fd();
    stop.events = CURL_WAIT_POLLIN;
    curl_multi_poll(multi_.get(), &stop, 1, static_cast<int>(span.count()), nullptr);
}

void Engine::Impl::finish_all(const Error& reason) {
    // Callbacks may queue more: that is left for the next pump().
    auto ready = std::exchange(ready_, {});
    auto waiting = std::exchange(waiting_, {});
    auto active = std::exchange(active_, {});
    for (auto& [handle, attempt] : active) {
        // Not even a name lookup in progress may hold up a stop.
        attempt->easy().set(CURLOPT_QUICK_EXIT, 1L);
        curl_multi_remove_handle(multi_.get(), handle);
        ready.push_back(std::move(attempt->job()));
    }
    for (auto& [time, job] : waiting) {
        ready.push_back(std::move(job));
    }
    for (const Job& job : ready) {
        job.exchange->done(job.attempts == 0 ? reason : reason.context(described(job.request)));
    }
}

Result<const Trust*> Engine::Impl::trust() {
    if (!trust_) {
        trust_ = Trust::load(options_.ca_cert, system_trust());
    }
    if (!*trust_) {
        return trust_->error();
    }
    return &**trust_;
}

std::unique_ptr<Easy> Engine::Impl::take_easy() {
    if (idle_.empty()) {
        return std::make_unique<Easy>(share_.get());
    }
    auto easy = std::move(idle_.back());
    idle_.pop_back();
    return easy;
}

void Engine::Impl::recycle(std::unique_ptr<Easy> easy) {
    easy->recycle();
    idle_.push_back(std::move(easy));
}

void Engine::Impl::share_bandwidth() {
    if (options_.bytes_per_second <= 0 || active_.empty()) {
        return;
    }
    const auto count = static_cast<std::int64_t>(active_.size());
    const std::int64_t share = std::max<std::int64_t>(options_.bytes_per_second / count, 1);
    for (const auto& [handle, attempt] : active_) {
        attempt->easy().set_offset(CURLOPT_MAX_RECV_SPEED_LARGE, share);
    }
}

}  // namespace gds::http
