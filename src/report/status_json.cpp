#include "gds/report/status.h"
#include "json_values.h"

#include <nlohmann/json.hpp>

namespace gds::report {

namespace {

using Json = nlohmann::ordered_json;

Json run_json(const StatusRun& run) {
    return Json{{"id", run.id},
                {"command", run.command},
                {"result", run.result},
                {"exit_code", run.exit_code},
                {"message", run.message},
                {"started", time_or_null(run.started_ms)},
                {"finished", time_or_null(run.finished_ms)},
                {"downloaded", run.downloaded},
                {"updated", run.updated},
                {"renamed", run.renamed},
                {"deleted", run.deleted},
                {"failed", run.failed},
                {"bytes", run.bytes}};
}

Json runs_json(const std::vector<StatusRun>& runs) {
    Json result = Json::array();
    for (const StatusRun& run : runs) {
        result.push_back(run_json(run));
    }
    return result;
}

Json withheld_json(const StatusWithheld& withheld) {
    return Json{{"plan", withheld.plan},
                {"deletes", withheld.deletes},
                {"approved", withheld.approved},
                {"first_paths", withheld.first_paths}};
}

Json parked_json(const StatusView& view) {
    Json items = Json::array();
    for (const StatusParked& parked : view.parked) {
        items.push_back({{"path", parked.path},
                         {"reason", parked.reason},
                         {"detail", parked.detail},
                         {"attempts", parked.attempts},
                         {"next_try", time_or_null(parked.next_try_ms)}});
    }
    Json counts = Json::object();
    for (const auto& [reason, count] : view.parked_counts) {
        counts[reason] = count;
    }
    return Json{{"counts", std::move(counts)}, {"items", std::move(items)}};
}

}  // namespace

std::string status_json(const StatusView& view) {
    const Json json{
        {"schema", 1},
        {"written", time_or_null(view.now_ms)},
        {"destination", view.destination},
        {"source", {{"id", view.source_id}, {"path", view.source}}},
        {"account", view.account},
        {"state_schema", view.schema},
        {"files", view.files},
        {"bytes", view.bytes},
        {"trash_bytes", view.trash_bytes},
        {"free_bytes", view.free_bytes},
        {"last_success", time_or_null(view.last_success_ms)},
        {"last_full_listing", time_or_null(view.last_full_listing_ms)},
        {"change_feed", view.change_feed},
        {"running", view.running ? run_json(*view.running) : Json(nullptr)},
        {"runs", runs_json(view.runs)},
        {"guards", guards_json(view.guards)},
        {"withheld", view.withheld ? withheld_json(*view.withheld) : Json(nullptr)},
        {"parked", parked_json(view)},
        {"warnings", view.warnings},
    };
    return json_text(json, 2) + "\n";
}

}  // namespace gds::report
