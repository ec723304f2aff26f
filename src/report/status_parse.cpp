#include "gds/base/text.h"
#include "gds/report/status.h"

#include <nlohmann/json.hpp>

namespace gds::report {

namespace {

using Json = nlohmann::ordered_json;

/// nlohmann's conversions throw for a wrong type; parse_status() catches them all at once.
std::int64_t time_at(const Json& json, const char* name) {
    const Json& value = json.at(name);
    if (value.is_null()) {
        return 0;
    }
    const auto time = parse_rfc3339(value.get<std::string>());
    return time ? *time : 0;
}

StatusRun run_from(const Json& json) {
    StatusRun run;
    json.at("id").get_to(run.id);
    json.at("command").get_to(run.command);
    json.at("result").get_to(run.result);
    json.at("exit_code").get_to(run.exit_code);
    json.at("message").get_to(run.message);
    run.started_ms = time_at(json, "started");
    run.finished_ms = time_at(json, "finished");
    json.at("downloaded").get_to(run.downloaded);
    json.at("updated").get_to(run.updated);
    json.at("renamed").get_to(run.renamed);
    json.at("deleted").get_to(run.deleted);
    json.at("failed").get_to(run.failed);
    json.at("bytes").get_to(run.bytes);
    return run;
}

StatusWithheld withheld_from(const Json& json) {
    StatusWithheld withheld;
    json.at("plan").get_to(withheld.plan);
    json.at("deletes").get_to(withheld.deletes);
    json.at("approved").get_to(withheld.approved);
    json.at("first_paths").get_to(withheld.first_paths);
    return withheld;
}

StatusParked parked_from(const Json& json) {
    StatusParked parked;
    json.at("path").get_to(parked.path);
    json.at("reason").get_to(parked.reason);
    json.at("detail").get_to(parked.detail);
    json.at("attempts").get_to(parked.attempts);
    parked.next_try_ms = time_at(json, "next_try");
    return parked;
}

model::GuardVerdict guard_from(const Json& json) {
    model::GuardVerdict guard;
    json.at("name").get_to(guard.name);
    json.at("limit").get_to(guard.limit);
    json.at("planned").get_to(guard.planned);
    json.at("tripped").get_to(guard.tripped);
    return guard;
}

template <class T>
std::vector<T> list_from(const Json& array, T (*read)(const Json&)) {
    std::vector<T> list;
    for (const Json& element : array) {
        list.push_back(read(element));
    }
    return list;
}

StatusView view_from(const Json& json) {
    StatusView view;
    view.now_ms = time_at(json, "written");
    json.at("destination").get_to(view.destination);
    json.at("source").at("id").get_to(view.source_id);
    json.at("source").at("path").get_to(view.source);
    json.at("account").get_to(view.account);
    json.at("state_schema").get_to(view.schema);
    json.at("files").get_to(view.files);
    json.at("bytes").get_to(view.bytes);
    json.at("trash_bytes").get_to(view.trash_bytes);
    json.at("free_bytes").get_to(view.free_bytes);
    view.last_success_ms = time_at(json, "last_success");
    view.last_full_listing_ms = time_at(json, "last_full_listing");
    json.at("change_feed").get_to(view.change_feed);
    if (const Json& running = json.at("running"); !running.is_null()) {
        view.running = run_from(running);
    }
    view.runs = list_from(json.at("runs"), run_from);
    view.guards = list_from(json.at("guards"), guard_from);
    if (const Json& withheld = json.at("withheld"); !withheld.is_null()) {
        view.withheld = withheld_from(withheld);
    }
    json.at("parked").at("counts").get_to(view.parked_counts);
    view.parked = list_from(json.at("parked").at("items"), parked_from);
    json.at("warnings").get_to(view.warnings);
    return view;
}

}  // namespace

Result<StatusView> parse_status(const std::string& json) {
    try {
        return view_from(Json::parse(json));
    } catch (const Json::exception& problem) {
        return error(Code::invalid_argument,
                     std::string("this is no status of a mirror: ") + problem.what());
    }
}

}  // namespace gds::report
