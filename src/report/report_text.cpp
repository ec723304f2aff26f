#include "gds/base/text.h"
#include "gds/report/report.h"

#include <fmt/core.h>

namespace gds::report {

namespace {

using model::Action;
using model::ActionKind;
using model::ActionOutcome;

std::string trouble_line(const Action& action) {
    const std::string_view why = action.error.empty() ? action.reason : action.error;
    return fmt::format("! {}: {}\n", printable(action.path), printable(why));
}

std::string action_line(const Action& action) {
    if (action.kind == ActionKind::skip || action.outcome == ActionOutcome::failed) {
        return trouble_line(action);
    }
    const std::string path = printable(action.path);
    switch (action.kind) {
        case ActionKind::mkdir: return fmt::format("+ {}/\n", path);
        case ActionKind::download: return fmt::format("+ {}\n", path);
        case ActionKind::update: return fmt::format("~ {}\n", path);
        case ActionKind::rename: return fmt::format("> {} -> {}\n", printable(action.from), path);
        case ActionKind::remove: return fmt::format("- {}\n", path);
        case ActionKind::rmdir: return fmt::format("- {}/\n", path);
        case ActionKind::skip: break;
    }
    return {};
}

std::string guard_limit(const model::GuardVerdict& guard) {
    if (guard.name == "max-delete-percent") {
        return fmt::format("more than {} % of the mirror", guard.limit);
    }
    return fmt::format("more than {}", guard.limit);
}

/// What a tripped guard means and what to do about it.
std::string guard_line(const model::GuardVerdict& guard, const std::string& plan) {
    const std::string remedy =
        plan.empty() ? std::string("check the source")
                     : fmt::format("if they are intended: gdrive-sync approve {}", plan);
    const std::string deletes = plural(guard.planned, "delete");
    if (guard.name == "empty-source") {
        return fmt::format(
            "guard empty-source: the source holds no file any more, {} withheld; {}\n", deletes,
            remedy);
    }
    return fmt::format("guard {}: {} planned, {}; all are withheld; {}\n", guard.name, deletes,
                       guard_limit(guard), remedy);
}

void append_unless_zero(std::string& text, std::int64_t count, const std::string& phrase) {
    if (count != 0) {
        text += ", " + phrase;
    }
}

std::string figures(const model::RunRecord& run) {
    const model::Counts& counts = run.done ? *run.done : run.counts;
    // What a guard withholds is counted as planned, but no run would do it.
    const bool all = run.done || run.withheld_deletes == 0;
    const std::int64_t removed = all ? counts.remove : 0;
    const std::int64_t folders_removed = all ? counts.rmdir : 0;
    std::string text =
        fmt::format("{} new, {} updated, {} renamed, {} deleted, {} unchanged", counts.download,
                    counts.update, counts.rename, removed, run.counts.unchanged);
    append_unless_zero(text, counts.mkdir, plural(counts.mkdir, "folder") + " made");
    append_unless_zero(text, folders_removed, plural(folders_removed, "folder") + " removed");
    append_unless_zero(text, run.counts.skip, fmt::format("{} skipped", run.counts.skip));
    append_unless_zero(text, run.counts.fail, fmt::format("{} failed", run.counts.fail));
    append_unless_zero(text, run.withheld_deletes,
                       plural(run.withheld_deletes, "delete") + " withheld");
    if (run.dry_run) {
        return text + fmt::format(", {} to download", format_size(run.bytes_planned));
    }
    return text + fmt::format(", {} in {}", format_size(run.bytes_downloaded),
                              format_duration(Millis(run.duration_ms)));
}

/// False where a run ended before it had anything to count.
bool has_figures(const model::RunRecord& run) {
    const model::Counts& counts = run.counts;
    return run.exit_code == ExitCode::ok || counts.actions() + counts.unchanged + counts.skip > 0;
}

}  // namespace

std::string summary_line(const model::RunRecord& run) {
    std::string line = fmt::format("{} {}", run.command, exit_code_name(run.exit_code));
    std::string_view separator = ": ";
    if (has_figures(run)) {
        line += separator;
        line += figures(run);
        separator = "; ";
    }
    if (!run.message.empty()) {
        line += separator;
        line += printable(run.message);
        separator = "; ";
    }
    if (!run.plan.empty() && run.message.find(run.plan) == std::string::npos) {
        line += fmt::format("{}if the withheld deletes are intended: gdrive-sync approve {}",
                            separator, run.plan);
    }
    return line;
}

Status write_text(const model::RunRecord& run, const model::ActionSource& actions,
                  const Writer& out) {
    GDS_CHECK(actions([&](const Action& action) { return out(action_line(action)); }));
    for (const model::GuardVerdict& guard : run.guards) {
        if (guard.tripped) {
            GDS_CHECK(out(guard_line(guard, run.plan)));
        }
    }
    return out(summary_line(run) + "\n");
}

}  // namespace gds::report
