#include "request_log.h"

#include "timestamp.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

/// Headers worth seeing in a log. Of Authorization only the scheme is kept.
constexpr std::array<const char*, 6> kHeaders = {
    "range",     "if-range", "user-agent", "accept-encoding", "x-goog-drive-resource-keys",
    "connection"};

std::map<std::string, std::string> interesting(const Request& request) {
    std::map<std::string, std::string> out;
    for (const char* name : kHeaders) {
        if (const std::string value = request.header(name); !value.empty()) {
            out[name] = value;
        }
    }
    const std::string authorization = request.header("authorization");
    if (!authorization.empty()) {
        out["authorization"] = authorization.substr(0, authorization.find(' ')) + " ***";
    }
    return out;
}

}  // namespace

bool RequestLog::record_to(const std::string& path) {
    const std::lock_guard lock(mutex_);
    file_.open(path, std::ios::app);
    return file_.is_open();
}

void RequestLog::add(const Request& request, const Route& route, const Answer& answer, bool faulty,
                     std::int64_t now_ms) {
    Entry entry;
    entry.time_ms = now_ms;
    entry.label = route.label;
    entry.id = route.id;
    entry.method = request.method;
    entry.via = request.via;
    entry.host = request.host;
    entry.target = request.target;
    entry.headers = interesting(request);
    entry.status = answer.status;
    entry.bytes = std::min(answer.size(), answer.delivery.cut_after.value_or(answer.size()));
    entry.faulty = faulty;

    const std::lock_guard lock(mutex_);
    entry.number = next_number_++;
    ++requests_;
    bytes_ += entry.bytes;
    ++by_label_[entry.label];
    ++by_method_[entry.method];
    ++by_status_[entry.status];
    if (file_.is_open()) {
        write_line(entry, answer);
    }
    entries_.push_back(std::move(entry));
    if (entries_.size() > limit_) {
        entries_.pop_front();
    }
}

void RequestLog::write_line(const Entry& entry, const Answer& answer) {
    json line = entry_json(entry);
    line["content_type"] = answer.content_type;
    if (!answer.content && answer.content_type.starts_with("application/json") &&
        entry.label != "oauth.token") {
        line["body"] = answer.body;
    }
    file_ << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
}

json RequestLog::entry_json(const Entry& entry) {
    return {{"number", entry.number},   {"time", format_timestamp(entry.time_ms)},
            {"label", entry.label},     {"id", entry.id},
            {"method", entry.method},   {"via", entry.via},
            {"host", entry.host},       {"target", entry.target},
            {"headers", entry.headers}, {"status", entry.status},
            {"bytes", entry.bytes},     {"fault", entry.faulty}};
}

void RequestLog::reset() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    requests_ = 0;
    bytes_ = 0;
    by_label_.clear();
    by_method_.clear();
    by_status_.clear();
}

json RequestLog::entries(std::uint64_t since, const std::string& label, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    json out = json::array();
    for (const Entry& entry : entries_) {
        if (out.size() == limit) {
            break;
        }
        if (entry.number >= since && (label.empty() || entry.label == label)) {
            out.push_back(entry_json(entry));
        }
    }
    return out;
}

json RequestLog::counters() const {
    const std::lock_guard lock(mutex_);
    json by_status = json::object();
    for (const auto& [status, count] : by_status_) {
        by_status[std::to_string(status)] = count;
    }
    const auto writes = by_label_.find("write");
    return {{"requests", requests_},  {"bytes", bytes_},
            {"by_label", by_label_},  {"by_method", by_method_},
            {"by_status", by_status}, {"writes", writes == by_label_.end() ? 0 : writes->second},
            {"next", next_number_}};
}

}  // namespace emulator
