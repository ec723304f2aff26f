#include "service.h"

#include "timestamp.h"

#include <chrono>
#include <thread>
#include <utility>

namespace emulator {
namespace {

void pause(std::int64_t ms) {
    if (ms > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    }
}

}  // namespace

Service::Service(OAuthOptions oauth, std::size_t log_limit)
    : store_(switches_), oauth_(store_, std::move(oauth)), log_(log_limit), api_(store_) {}

bool Service::open_root(const std::string& directory) {
    disk_ = std::make_unique<DiskSource>(store_, directory);
    return disk_->scan(true);
}

void Service::rescan() {
    if (disk_) {
        disk_->scan(true);
    }
}

Answer Service::answer(const Request& request) {
    const Route route = find_route(request);
    if (route.label == "control") {
        return control_answer(request, *this);
    }
    pause(latency_ms_);
    if (disk_ && route.is_drive()) {
        disk_->scan(false);
    }
    const auto action = faults_.strike(request, route);
    Answer answer = action ? struck(*action, request, route) : handle(request, route);
    answer.headers.emplace_back("Date", format_http_date(store_.now_ms()));
    log_.add(request, route, answer, action.has_value(), store_.now_ms());
    return answer;
}

Answer Service::struck(const FaultAction& action, const Request& request, const Route& route) {
    pause(action.latency_ms);
    if (action.expire_tokens) {
        oauth_.expire_access_tokens();
    }
    if (!action.change_content.empty()) {
        const auto lock = store_.write();
        store_.update_content(route.id, make_bytes(action.change_content), store_.now_ms());
    }
    auto replaced = replaced_answer(action);
    Answer answer = replaced ? std::move(*replaced) : handle(request, route);
    spoil(action, request, answer);
    return answer;
}

Answer Service::handle(const Request& request, const Route& route) {
    if (route.label == "oauth.token") {
        return oauth_.token(request);
    }
    if (route.label == "oauth.auth") {
        return oauth_.authorize(request);
    }
    if (route.label == "write") {
        return error_answer(403, "insufficientFilePermissions",
                            "This Drive is emulated for reading only; nothing was changed.");
    }
    if (route.label == "other") {
        return html_answer(404, "Error 404 (Not Found)");
    }
    if (auto refused = oauth_.check(request)) {
        return std::move(*refused);
    }
    return drive_answer(request, route);
}

Answer Service::drive_answer(const Request& request, const Route& route) {
    if (over_rate()) {
        return rate_error();
    }
    const bool bytes = route.label == "files.media" || route.label == "files.export" ||
                       route.label == "export.link";
    if (switches_.on(Switch::html_200) && !bytes) {
        return html_answer(200, "Sign in - Google Accounts");
    }
    Answer answer = api_.answer(request, route);
    return answer.status >= 400 && switches_.on(Switch::html_errors)
               ? html_answer(answer.status, "Error " + std::to_string(answer.status))
               : answer;
}

bool Service::over_rate() {
    const std::int64_t limit = switches_.get(Switch::rate_limit_per_s);
    if (limit <= 0) {
        return false;
    }
    const std::int64_t second = store_.now_ms() / 1000;
    const std::lock_guard lock(rate_mutex_);
    rate_count_ = second == rate_second_ ? rate_count_ + 1 : 1;
    rate_second_ = second;
    return rate_count_ > limit;
}

Answer Service::rate_error() const {
    Answer answer;
    if (switches_.on(Switch::html_errors)) {
        answer = html_answer(429, "Too Many Requests");
    } else if (switches_.on(Switch::rate_as_403)) {
        answer = error_answer(403, "userRateLimitExceeded", "User Rate Limit Exceeded.", {},
                              "usageLimits");
    } else {
        answer = error_answer(429, "rateLimitExceeded", "Rate Limit Exceeded.", {}, "usageLimits");
    }
    if (const std::int64_t after = switches_.get(Switch::retry_after_s); after > 0) {
        answer.headers.emplace_back("Retry-After", std::to_string(after));
    }
    return answer;
}

}  // namespace emulator
