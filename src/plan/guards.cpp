#include "gds/plan/guards.h"

#include "gds/base/text.h"

#include <algorithm>

namespace gds::plan {

namespace {

constexpr std::string_view kEmptySource = "empty-source";

}  // namespace

std::vector<model::GuardVerdict> judge(const GuardFacts& facts, const GuardLimits& limits) {
    std::vector<model::GuardVerdict> verdicts;
    const auto add = [&](std::string_view name, double limit, bool tripped) {
        model::GuardVerdict verdict;
        verdict.name = name;
        verdict.limit = limit;
        verdict.planned = facts.planned_deletes;
        verdict.tripped = tripped;
        verdicts.push_back(std::move(verdict));
    };
    const bool empty = facts.source_files == 0 && facts.mirror_files > 0;
    add(kEmptySource, limits.allow_empty_source ? -1 : 0, empty && !limits.allow_empty_source);
    add("max-delete", static_cast<double>(limits.max_delete),
        limits.max_delete >= 0 && facts.planned_deletes > limits.max_delete);
    if (limits.max_delete_percent) {
        const double allowed =
            *limits.max_delete_percent / 100.0 * static_cast<double>(facts.mirror_files);
        add("max-delete-percent", *limits.max_delete_percent,
            static_cast<double>(facts.planned_deletes) > allowed);
    }
    return verdicts;
}

bool any_tripped(const std::vector<model::GuardVerdict>& verdicts) {
    return std::any_of(verdicts.begin(), verdicts.end(), [](const auto& v) { return v.tripped; });
}

bool empty_source_tripped(const std::vector<model::GuardVerdict>& verdicts) {
    return std::any_of(verdicts.begin(), verdicts.end(),
                       [](const auto& v) { return v.tripped && v.name == kEmptySource; });
}

void PlanId::add(std::string_view id, std::string_view path, std::string_view checksum) {
    for (const std::string_view part : {id, path, checksum}) {
        // NUL can be in none of the three, so that no two sets read the same.
        digest_.update(part);
        digest_.update({"\0", 1});
    }
}

std::string PlanId::finish() && {
    return to_hex(digest_.finish()).substr(0, 16);
}

}  // namespace gds::plan
