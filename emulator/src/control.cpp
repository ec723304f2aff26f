#include "edits.h"
#include "service.h"
#include "timestamp.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

namespace emulator {
namespace {

using nlohmann::json;

Answer reply(const json& body, int status = 200) {
    Answer answer;
    answer.status = status;
    answer.body = body.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
    return answer;
}

Answer refuse(const std::string& message) {
    return reply({{"error", message}}, 400);
}

std::optional<std::uint64_t> whole_number(const std::optional<std::string>& text) {
    if (!text) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto end = std::from_chars(text->data(), text->data() + text->size(), value);
    return end.ptr == text->data() + text->size() && !text->empty() ? std::optional(value)
                                                                    : std::nullopt;
}

json item_json(const Store& store, const Item& item) {
    json out = {{"id", item.id},
                {"name", item.name},
                {"mimeType", item.mime_type},
                {"parent", item.parent},
                {"path", store.tree().path(item)},
                {"trashed", store.tree().trashed(item)},
                {"hidden", store.tree().hidden(item)},
                {"modified", format_timestamp(item.modified_ms)},
                {"version", item.version}};
    if (item.content && !item.is_google_type()) {
        out["size"] = item.content->size();
    }
    if (!item.target_id.empty()) {
        out["targetId"] = item.target_id;
    }
    return out;
}

/// GET: the item of ?path= or ?id= and its children; POST: an edit, or an array of them.
Answer tree(const Request& request, Service& service, const json& body) {
    Store& store = service.store();
    if (request.method == "POST") {
        json ids = json::array();
        const auto lock = store.write();
        for (const json& edit : body.is_array() ? body : json::array({body})) {
            auto done = apply_edit(store, edit);
            if (!done) {
                return refuse(done.error());
            }
            ids.push_back(*done);
        }
        return reply({{"ids", ids}});
    }
    json reference = json::object();
    for (const char* name : {"id", "path"}) {
        if (const auto value = request.param(name)) {
            reference[name] = *value;
        }
    }
    if (reference.empty()) {
        reference["id"] = "root";
    }
    const auto lock = store.read();
    const ItemPtr item = find_item(store, reference);
    if (!item) {
        return reply({{"error", "no such item"}}, 404);
    }
    json out = item_json(store, *item);
    json children = json::array();
    const std::size_t limit = whole_number(request.param("limit")).value_or(10000);
    store.tree().children(item->id, 0, [&](const ItemPtr& child, std::uint64_t) {
        children.push_back(item_json(store, *child));
        return children.size() < limit;
    });
    out["children"] = children;
    out["items_in_all"] = store.tree().size();
    return reply(out);
}

Answer log(const Request& request, Service& service, const json&) {
    if (request.method == "DELETE") {
        service.log().reset();
        return reply(json::object());
    }
    return reply(
        {{"entries", service.log().entries(whole_number(request.param("since")).value_or(0),
                                           request.param("label").value_or(""),
                                           whole_number(request.param("limit")).value_or(1000))}});
}

Answer counters(const Request& request, Service& service, const json&) {
    if (request.method == "DELETE") {
        service.log().reset();
    }
    return reply(service.log().counters());
}

Answer faults(const Request& request, Service& service, const json& body) {
    if (request.method == "DELETE") {
        return reply({{"cleared", service.faults().clear(whole_number(request.param("id")))}});
    }
    if (request.method != "POST") {
        return reply({{"faults", service.faults().list()}});
    }
    json ids = json::array();
    for (const json& one : body.is_array() ? body : json::array({body})) {
        auto fault = parse_fault(one);
        if (!fault) {
            return refuse(fault.error());
        }
        ids.push_back(service.faults().add(std::move(*fault)));
    }
    return reply({{"ids", ids}});
}

Answer switches(const Request& request, Service& service, const json& body) {
    Switches& all = service.switches();
    if (request.method == "DELETE") {
        all.reset();
    }
    if (request.method == "POST") {
        if (!body.is_object()) {
            return refuse("switches are an object of names and numbers");
        }
        for (const auto& member : body.items()) {
            const auto id = find_switch(member.key());
            const json& value = member.value();
            if (!id || !(value.is_boolean() || value.is_number_integer())) {
                return refuse("no switch " + member.key() + ", or its value is no number");
            }
            all.set(*id,
                    value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<std::int64_t>());
        }
    }
    json out = json::object();
    for (const SwitchInfo& info : all_switches()) {
        out[std::string(info.name)] = all.get(info.id);
    }
    return reply(out);
}

/// {"expire": "access"}, {"revoke": "refresh"}, {"advance_s": n}: n seconds later on our clock.
Answer tokens(const Request& request, Service& service, const json& body) {
    if (request.method != "POST" || !body.is_object()) {
        return refuse(
            "POST {\"expire\": \"access\"}, {\"revoke\": \"refresh\"} or "
            "{\"advance_s\": seconds}");
    }
    if (body.contains("expire")) {
        service.oauth().expire_access_tokens();
    }
    if (body.contains("revoke")) {
        service.oauth().revoke_refresh_tokens();
    }
    if (const auto advance = body.find("advance_s");
        advance != body.end() && advance->is_number_integer()) {
        service.store().advance_clock(advance->get<std::int64_t>() * 1000);
    }
    return reply({{"now", format_timestamp(service.store().now_ms())}});
}

Answer rescan(const Request&, Service& service, const json&) {
    service.rescan();
    return reply(json::object());
}

Answer latency(const Request& request, Service& service, const json&) {
    service.set_latency(static_cast<std::int64_t>(whole_number(request.param("ms")).value_or(0)));
    return reply(json::object());
}

Answer stop(const Request& request, Service&, const json&) {
    if (request.method != "POST") {
        return refuse("POST stops the emulator");
    }
    // The whole process: main() waits for it with the signal blocked in every thread. A moment
    // later, so that this answer still goes out.
    std::thread([] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        ::kill(::getpid(), SIGTERM);
    }).detach();
    return reply(json::object());
}

Answer health(const Request&, Service&, const json&) {
    return reply({{"status", "ok"}});
}

using Control = Answer (*)(const Request&, Service&, const json&);
const std::map<std::string, Control>& controls() {
    static const std::map<std::string, Control> all = {
        {"tree", tree},         {"log", log},       {"counters", counters}, {"faults", faults},
        {"switches", switches}, {"tokens", tokens}, {"rescan", rescan},     {"latency", latency},
        {"stop", stop},         {"health", health}};
    return all;
}

}  // namespace

Answer control_answer(const Request& request, Service& service) {
    constexpr std::string_view kPrefix = "/_emulator/";
    const std::string name =
        request.path.size() > kPrefix.size() ? request.path.substr(kPrefix.size()) : "";
    const auto control = controls().find(name);
    if (control == controls().end()) {
        json names = json::array();
        for (const auto& entry : controls()) {
            names.push_back(std::string(kPrefix) + entry.first);
        }
        return reply({{"paths", names}}, name.empty() ? 200 : 404);
    }
    const json body =
        request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
    return body.is_discarded() ? refuse("the body is no JSON")
                               : control->second(request, service, body);
}

}  // namespace emulator
