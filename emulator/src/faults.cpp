#include "faults.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

bool matches(const FaultMatch& match, const Request& request, const Route& route) {
    return (match.label.empty() || match.label == route.label) &&
           (match.method.empty() || match.method == request.method) &&
           (match.host.empty() || match.host == request.host) &&
           (!match.path || std::regex_search(request.target, *match.path)) &&
           route.label != "control";
}

bool strikes(Fault& fault) {
    const std::uint64_t met = fault.met++;
    const FaultMatch& match = fault.match;
    if (met < match.skip || (fault.count != 0 && fault.struck >= fault.count) ||
        (met - match.skip) % std::max<std::uint64_t>(1, match.every) != 0) {
        return false;
    }
    // The draw depends on seed and number alone, so that a run can be repeated.
    const double draw = static_cast<double>(mix(fault.seed ^ mix(met)) >> 11U) * 0x1.0p-53;
    if (draw >= match.probability) {
        return false;
    }
    ++fault.struck;
    return true;
}

/// The array of a list answer, or null.
json* entries_of(json& body) {
    for (const char* name : {"files", "changes", "drives"}) {
        if (body.is_object() && body.contains(name)) {
            return &body[name];
        }
    }
    return nullptr;
}

void spoil_list(const std::string& how, const Request& request, Answer& answer) {
    json body = json::parse(answer.body, nullptr, false);
    json* entries = entries_of(body);
    if (entries == nullptr) {
        return;
    }
    if (how == "empty") {
        *entries = json::array();
        body.erase("nextPageToken");
    } else if (how == "half") {
        json half = json::array();
        for (std::size_t n = 0; n < entries->size(); n += 2) {
            half.push_back((*entries)[n]);
        }
        *entries = std::move(half);
    } else if (how == "twice") {
        const json once = *entries;
        entries->insert(entries->end(), once.begin(), once.end());
    } else if (how == "repeat-token") {
        if (const auto token = request.param("pageToken")) {
            body["nextPageToken"] = *token;
            body.erase("newStartPageToken");
        }
    } else if (how == "drop-token") {
        body.erase("nextPageToken");
    } else if (how == "incomplete") {
        body["incompleteSearch"] = true;
    }
    answer.body = body.dump();
}

}  // namespace

std::uint64_t Faults::add(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault.id = next_id_++;
    faults_.push_back(std::move(fault));
    return faults_.back().id;
}

std::size_t Faults::clear(std::optional<std::uint64_t> id) {
    const std::lock_guard lock(mutex_);
    return std::erase_if(faults_, [&](const Fault& fault) { return !id || fault.id == *id; });
}

json Faults::list() const {
    const std::lock_guard lock(mutex_);
    json out = json::array();
    for (const Fault& fault : faults_) {
        out.push_back({{"id", fault.id},
                       {"met", fault.met},
                       {"struck", fault.struck},
                       {"fault", json::parse(fault.text)}});
    }
    return out;
}

std::optional<FaultAction> Faults::strike(const Request& request, const Route& route) {
    const std::lock_guard lock(mutex_);
    for (Fault& fault : faults_) {
        if (matches(fault.match, request, route) && strikes(fault)) {
            return fault.action;
        }
    }
    return std::nullopt;
}

std::optional<Answer> replaced_answer(const FaultAction& action) {
    std::optional<Answer> answer;
    if (!action.redirect.empty()) {
        answer = html_answer(action.status == 0 ? 302 : action.status, "Moved");
        answer->headers.emplace_back("Location", action.redirect);
    } else if (!action.oauth_error.empty()) {
        answer = oauth_error(
            action.status == 0 ? 400 : action.status, action.oauth_error,
            action.message.empty() ? "Token has been expired or revoked." : action.message);
    } else if (action.refuse_page_token) {
        answer = error_answer(400, "invalid", "Invalid Value", "pageToken");
    } else if (action.unknown_item) {
        answer = error_answer(404, "notFound", "File not found.", "fileId");
    } else if (action.expire_tokens) {
        answer = error_answer(401, "authError", "Invalid Credentials", "Authorization");
    } else if (action.body) {
        answer.emplace();
        answer->status = action.status == 0 ? 200 : action.status;
        answer->body = *action.body;
    } else if (action.html) {
        answer = html_answer(action.status == 0 ? 200 : action.status, "Error");
    } else if (action.status != 0) {
        answer = error_answer(action.status, action.reason.empty() ? "backendError" : action.reason,
                              action.message.empty() ? "Backend Error" : action.message);
    }
    if (answer && !action.retry_after.empty()) {
        answer->headers.emplace_back("Retry-After", action.retry_after);
    }
    return answer;
}

void spoil(const FaultAction& action, const Request& request, Answer& answer) {
    if (!action.list.empty() && !answer.content && answer.status == 200) {
        spoil_list(action.list, request, answer);
    }
    if (action.ignore_range && answer.content && answer.status == 206) {
        answer.status = 200;
        answer.offset = 0;
        answer.length = answer.content->size();
        std::erase_if(answer.headers, [](const auto& h) { return h.first == "Content-Range"; });
    }
    if (!action.content_range.empty()) {
        std::erase_if(answer.headers, [](const auto& h) { return h.first == "Content-Range"; });
        answer.headers.emplace_back("Content-Range", action.content_range);
    }
    if (action.truncate) {
        const auto keep = static_cast<std::size_t>(std::max<std::int64_t>(0, *action.truncate));
        answer.body.resize(std::min(answer.body.size(), keep));
        answer.length = std::min(answer.length, *action.truncate);
    }
    answer.delivery = action.delivery;
}

}  // namespace emulator
