// What becomes of one job: attempts, redirects, new credentials, retries.
#include "backoff.h"
#include "engine_impl.h"
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "redirect.h"

#include <fmt/core.h>

namespace gds::http {

namespace {

/// The failure with its status and reason in the text, unless whoever classified it put it there.
Error with_status(const Error& failure) {
    const std::string status = std::to_string(failure.http_status);
    if (failure.http_status == 0 || failure.message.rfind(status, 0) == 0) {
        return failure;
    }
    return failure.context(status_text(failure.http_status) +
                           (failure.reason.empty() ? "" : " (" + failure.reason + ")"));
}

std::string retry_label(const Error& failure) {
    return failure.reason.empty() ? std::string(code_label(failure.code)) : failure.reason;
}

}  // namespace

std::string described(const Request& request) {
    return fmt::format("{} {}", request.method, loggable_url(request.url));
}

void Engine::Impl::begin(Job job) {
    auto request = job.exchange->request();
    if (!request) {
        job.exchange->done(request.error());
        return;
    }
    job.request = *std::move(request);
    job.redirects = 0;
    ++job.attempts;
    launch(std::move(job));
}

void Engine::Impl::launch(Job job) {
    std::string authorization;
    if (authorizer_ != nullptr && job.request.authorize) {
        auto granted = authorizer_->authorization(job.request, job.request.url);
        if (!granted) {
            // Whoever gets credentials says what is wrong with them, not this URL.
            job.exchange->done(granted.error());
            return;
        }
        authorization = *std::move(granted);
    }
    auto attempt = std::make_unique<Attempt>(std::move(job), take_easy());
    if (const Status started = put_on_wire(attempt, authorization); !started) {
        finish(attempt->job(), started.error());
    }
}

Status Engine::Impl::put_on_wire(std::unique_ptr<Attempt>& attempt,
                                 const std::string& authorization) {
    const Trust* trusted = GDS_TRY(trust());
    GDS_CHECK(attempt->prepare(options_, *trusted, authorization));
    CURL* handle = attempt->easy().get();
    if (const CURLMcode code = curl_multi_add_handle(multi_.get(), handle); code != CURLM_OK) {
        return error(Code::internal,
                     fmt::format("libcurl takes no transfer: {}", curl_multi_strerror(code)));
    }
    const Job& job = attempt->job();
    if (job.redirects == 0) {
        ++counters_.requests[job.request.label];
        counters_.cost += job.request.cost;
        cost_.take(Clock::now(), job.request.cost);
    }
    active_.emplace(handle, std::move(attempt));
    return {};
}

void Engine::Impl::conclude(Attempt& attempt, CURLcode code) {
    Response& response = attempt.response();
    counters_.body_bytes += attempt.body_bytes();
    if (response.status != 0) {
        ++counters_.statuses[response.status];
    }
    if (attempt.redirected()) {
        const std::string target = attempt.redirect_target();
        follow(std::move(attempt.job()), response.status, target);
        return;
    }
    const auto failure = attempt.judge(code);
    Job& job = attempt.job();
    if (!failure) {
        throttle_.succeeded(Clock::now(), attempt.body_bytes(), full_);
        response.body.clear();
        job.exchange->done(std::move(response));
        return;
    }
    const auto again = reauthorized(job, response, failure->error);
    if (!again) {
        job.exchange->done(again.error());
    } else if (*again) {
        ready_.push_front(std::move(job));
    } else {
        const bool may_resend = attempt.may_resend();
        retry_or_finish(std::move(job), *failure, may_resend);
    }
}

void Engine::Impl::follow(Job job, int status, const std::string& target) {
    if (job.redirects == kMaxRedirects) {
        finish(job, error(Code::bad_response,
                          fmt::format("redirected more than {} times", kMaxRedirects)));
        return;
    }
    Request next = job.request;
    if (const Status redirected = redirect(next, status, target); !redirected) {
        finish(job, redirected.error());
        return;
    }
    job.request = std::move(next);
    ++job.redirects;
    launch(std::move(job));
}

Result<bool> Engine::Impl::reauthorized(Job& job, const Response& response, const Error& failure) {
    const bool refused = failure.code == Code::unauthenticated && response.status == 401;
    if (!refused || authorizer_ == nullptr || !job.request.authorize || job.reauthorized) {
        return false;
    }
    job.reauthorized = true;
    const bool renewed = GDS_TRY(authorizer_->refused(job.request, response));
    if (renewed) {
        ++counters_.retries[retry_label(failure)];
        log::debug("trying once more with new credentials", {{"request", described(job.request)}});
    }
    return renewed;
}

std::optional<Millis> Engine::Impl::wait_before_retry(const Job& job, const Failure& failure,
                                                      bool may_resend) {
    RetryBudget budget;
    budget.used = job.retries;
    budget.bad_responses = job.bad_responses;
    budget.limit = options_.retries;
    budget.max_wait = options_.retry_max_wait;
    budget.fail_on_long_wait = job.request.fail_on_retry_after;
    const double random01 = std::uniform_real_distribution<double>()(random_);
    const Millis backoff =
        backoff_delay(options_.first_backoff, options_.retry_max_wait, job.retries + 1, random01);
    const bool allowed = !failure.final && may_resend;
    const auto wait = allowed ? retry_wait(budget, failure.error, backoff) : std::nullopt;
    if (failure.error.code == Code::rate_limited) {
        slow_down(job, failure.error, wait.value_or(backoff));
    }
    return wait;
}

void Engine::Impl::slow_down(const Job& job, const Error& failure, Millis cool_down) {
    const auto now = Clock::now();
    throttle_.rate_limited(now, cool_down);
    if (throttle_.warning_due(now)) {
        log::warn("the server asks to slow down", {{"request", described(job.request)},
                                                   {"reason", retry_label(failure)},
                                                   {"pause_ms", cool_down.count()},
                                                   {"connections", throttle_.limit()}});
    }
}

void Engine::Impl::retry_or_finish(Job job, const Failure& failure, bool may_resend) {
    const auto wait = wait_before_retry(job, failure, may_resend);
    if (!wait) {
        finish(job, failure.error);
        return;
    }
    ++job.retries;
    job.bad_responses += failure.error.code == Code::bad_response ? 1 : 0;
    ++counters_.retries[retry_label(failure.error)];
    log::debug("request will be retried", {{"request", described(job.request)},
                                           {"error", with_status(failure.error).message},
                                           {"retry", job.retries},
                                           {"wait_ms", wait->count()}});
    waiting_.emplace(Clock::now() + *wait, std::move(job));
}

void Engine::Impl::finish(const Job& job, const Error& failure) {
    Error told = with_status(failure).context(described(job.request));
    if (job.attempts > 1) {
        told.message += fmt::format(" (after {} attempts)", job.attempts);
    }
    if (failure.retry_after && Millis(*failure.retry_after) > options_.retry_max_wait) {
        told.message += fmt::format(" (it asks to wait {}, longer than --retry-max-wait)",
                                    format_duration(*failure.retry_after));
    }
    job.exchange->done(std::move(told));
}

}  // namespace gds::http
