#include "gds/report/report.h"
#include "json_values.h"

#include <nlohmann/json.hpp>

namespace gds::report {

namespace {

using Json = nlohmann::ordered_json;

Json run_json(const model::RunRecord& run) {
    return Json{{"id", run.id},
                {"command", run.command},
                {"listing", run.full_listing ? "full" : "changes"},
                {"dry_run", run.dry_run},
                {"started", time_or_null(run.started_ms)},
                {"finished", time_or_null(run.finished_ms)},
                {"result", exit_code_name(run.exit_code)},
                {"exit_code", static_cast<int>(run.exit_code)},
                {"message", run.message}};
}

Json counts_json(const model::Counts& counts) {
    return Json{
        {"unchanged", counts.unchanged}, {"download", counts.download}, {"update", counts.update},
        {"rename", counts.rename},       {"delete", counts.remove},     {"mkdir", counts.mkdir},
        {"rmdir", counts.rmdir},         {"skip", counts.skip},         {"fail", counts.fail}};
}

/// Everything but the actions, which are streamed after it.
Json head_json(const model::RunRecord& run) {
    return Json{
        {"schema", 1},
        {"run", run_json(run)},
        {"source", {{"id", run.source_id}, {"path", run.source_path}}},
        {"destination", run.destination},
        {"counts", counts_json(run.counts)},
        {"bytes", {{"downloaded", run.bytes_downloaded}, {"planned", run.bytes_planned}}},
        {"quota_units", run.quota_units},
        {"guards", guards_json(run.guards)},
        {"plan", run.plan.empty() ? Json(nullptr) : Json(run.plan)},
        {"warnings", run.warnings},
    };
}

Json action_json(const model::Action& action) {
    Json result{{"action", model::action_label(action.kind)}, {"path", action.path}};
    if (action.kind == model::ActionKind::rename) {
        result["from"] = action.from;
    }
    result["size"] = action.size;
    result["reason"] = action.reason;
    result["id"] = action.id;
    result["outcome"] = model::outcome_label(action.outcome);
    result["error"] = action.error;
    return result;
}

}  // namespace

Status write_json(const model::RunRecord& run, const model::ActionSource& actions,
                  const Writer& out) {
    std::string head = json_text(head_json(run));
    head.pop_back();  // the closing brace: the actions belong inside
    GDS_CHECK(out(head + ",\"actions\":["));
    std::string_view separator = "\n";
    GDS_CHECK(actions([&](const model::Action& action) -> Status {
        std::string line(separator);
        separator = ",\n";
        return out(line += json_text(action_json(action)));
    }));
    return out("\n]}\n");
}

}  // namespace gds::report
