#include "faults.h"

#include <nlohmann/json.hpp>
#include <set>

namespace emulator {
namespace {

using nlohmann::json;

/// Reads members of one object and remembers which it knew, so that a misspelt one is an error.
class Reader {
public:
    Reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {
        if (!object.is_object()) {
            error_ = where_ + " must be an object";
        }
    }

    template <class T>
    void read(const char* name, T& into) {
        known_.insert(name);
        if (!object_.is_object() || !object_.contains(name)) {
            return;
        }
        try {
            object_.at(name).get_to(into);
        } catch (const json::exception&) {
            error_ = where_ + "." + name + " has the wrong type";
        }
    }
    template <class T>
    void read(const char* name, std::optional<T>& into) {
        if (object_.is_object() && object_.contains(name)) {
            read(name, into.emplace());
        }
        known_.insert(name);
    }
    [[nodiscard]] std::string error() const {
        if (!error_.empty()) {
            return error_;
        }
        for (const auto& member : object_.items()) {
            if (!known_.contains(member.key())) {
                return where_ + " has no member " + member.key();
            }
        }
        return {};
    }
    void fail(const std::string& error) { error_ = error; }

private:
    const json& object_;
    std::string where_;
    std::set<std::string> known_;
    std::string error_;
};

std::string read_match(const json& object, FaultMatch& match) {
    Reader reader(object, "match");
    std::uint64_t nth = 0;
    reader.read("label", match.label);
    reader.read("method", match.method);
    reader.read("host", match.host);
    reader.read("path", match.path_text);
    reader.read("skip", match.skip);
    reader.read("every", match.every);
    reader.read("nth", nth);
    reader.read("probability", match.probability);
    if (nth > 0) {
        match.skip = nth - 1;
    }
    if (!match.path_text.empty()) {
        try {
            match.path.emplace(match.path_text);
        } catch (const std::regex_error&) {
            reader.fail("match.path is no regular expression");
        }
    }
    return reader.error();
}

std::string read_delivery(Reader& reader, Delivery& delivery) {
    std::string length = "content-length";
    reader.read("length", length);
    reader.read("cut_after", delivery.cut_after);
    reader.read("reset", delivery.reset);
    reader.read("flip_at", delivery.flip_at);
    reader.read("stall_at", delivery.stall_at);
    reader.read("stall_ms", delivery.stall_ms);
    reader.read("rate", delivery.rate);
    if (length == "chunked") {
        delivery.length = Delivery::Length::chunked;
    } else if (length == "until-close") {
        delivery.length = Delivery::Length::until_close;
    } else if (length != "content-length") {
        return "action.length must be content-length, chunked or until-close";
    }
    return {};
}

std::string read_action(const json& object, FaultAction& action) {
    static const std::set<std::string> lists = {
        "", "empty", "half", "twice", "repeat-token", "drop-token", "incomplete"};
    Reader reader(object, "action");
    reader.read("latency_ms", action.latency_ms);
    reader.read("hang", action.delivery.hang);
    reader.read("close", action.delivery.drop);
    reader.read("status", action.status);
    reader.read("reason", action.reason);
    reader.read("message", action.message);
    reader.read("retry_after", action.retry_after);
    reader.read("html", action.html);
    reader.read("body", action.body);
    reader.read("redirect", action.redirect);
    reader.read("oauth_error", action.oauth_error);
    reader.read("expire_tokens", action.expire_tokens);
    reader.read("refuse_page_token", action.refuse_page_token);
    reader.read("unknown_item", action.unknown_item);
    reader.read("change_content", action.change_content);
    reader.read("list", action.list);
    reader.read("content_range", action.content_range);
    reader.read("ignore_range", action.ignore_range);
    reader.read("truncate", action.truncate);
    std::string delivery = read_delivery(reader, action.delivery);
    if (!delivery.empty()) {
        return delivery;
    }
    return lists.contains(action.list) ? reader.error() : "action.list is none of the known ways";
}

}  // namespace

tl::expected<Fault, std::string> parse_fault(const json& object) {
    Fault fault;
    json match = json::object();
    json action = json::object();
    Reader reader(object, "fault");
    reader.read("match", match);
    reader.read("action", action);
    reader.read("count", fault.count);
    reader.read("seed", fault.seed);
    for (const std::string& error :
         {reader.error(), read_match(match, fault.match), read_action(action, fault.action)}) {
        if (!error.empty()) {
            return tl::unexpected(error);
        }
    }
    if (match.contains("nth") && fault.count == 0) {
        fault.count = 1;  // that one request, not every one from there on
    }
    fault.text = object.dump();
    return fault;
}

}  // namespace emulator
