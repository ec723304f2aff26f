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

/// In the quota units of Drive's guide to its limits.
std::int64_t cost(const Route& route) {
    if (route.label == "files.list" || route.label == "changes.list") {
        return 100;
    }
    return route.label == "files.media" || route.label == "files.export" ? 200 : 5;
}

}  // namespace

Service::Service(OAuthOptions oauth, std::size_t log_limit)
    : store_(switches_), oauth_(store_, std::move(oauth)), log_(log_limit), api_(store_) {}

bool Service::open_root(const std::string& directory, bool follow) {
    follow_disk_ = follow;
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
    if (disk_ && follow_disk_ && route.is_drive()) {
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
    if (over_rate(route)) {
        return rate_error();
    }
    const bool bytes = route.label == "files.media" || route.label == "files.export" ||
                       route.label == "export.link";
    if (switches_.on(Switch::html_200) && !bytes) {
        return html_answer(200, "Sign in - Google Accounts");
    }
    if (switches_.on(Switch::html_media) && bytes) {
        return html_answer(200, "Sign in - Google Accounts");
    }
    Answer answer = api_.answer(request, route);
    return answer.status >= 400 && switches_.on(Switch::html_errors)
               ? html_answer(answer.status, "Error " + std::to_string(answer.status))
               : answer;
}

std::int64_t Service::Window::add(std::int64_t now, std::int64_t amount) {
    used = now == begin ? used + amount : amount;
    begin = now;
    return used;
}

bool Service::over_rate(const Route& route) {
    const std::int64_t per_second = switches_.get(Switch::rate_limit_per_s);
    const std::int64_t per_minute = switches_.get(Switch::quota_units_per_min);
    if (per_second <= 0 && per_minute <= 0) {
        return false;
    }
    const std::int64_t now = store_.now_ms();
    const std::lock_guard lock(rate_mutex_);
    const bool too_many = requests_.add(now / 1000, 1) > per_second && per_second > 0;
    const bool too_dear = units_.add(now / 60'000, cost(route)) > per_minute && per_minute > 0;
    return too_many || too_dear || now < refused_until_ms_;
}

Answer Service::rate_error() {
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
        const std::int64_t now = store_.now_ms();
        const std::lock_guard lock(rate_mutex_);
        if (now >= refused_until_ms_) {
            refused_until_ms_ = now + after * 1000;
        }
        const std::int64_t rest = (refused_until_ms_ - now + 999) / 1000;
        answer.headers.emplace_back("Retry-After", std::to_string(rest));
    }
    return answer;
}

}  // namespace emulator
