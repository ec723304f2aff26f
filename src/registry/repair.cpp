#include "gds/base/log.h"
#include "gds/registry/commands.h"
#include "gds/registry/output.h"
#include "gds/registry/reference.h"
#include "in_use.h"
#include "repair_hands.h"
#include "repair_plan.h"
#include "repair_sources.h"
#include "run_frame.h"
#include "walker.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace gds::registry {

namespace {

using Graphs = std::map<std::string, Graph>;

/// The findings of a report by repository, less those whose names no registry can have.
std::map<std::string, std::vector<Finding>> by_repository(const std::vector<Finding>& findings) {
    std::map<std::string, std::vector<Finding>> sorted;
    for (const Finding& finding : findings) {
        if (is_repository_name(finding.repository)) {
            sorted[finding.repository].push_back(finding);
        }
    }
    return sorted;
}

/// Whether it brings back what is there, where a rebuild or a removal would not.
bool heals(Remedy remedy) {
    return remedy == Remedy::relink || remedy == Remedy::mount || remedy == Remedy::retag;
}

/// One repair by a report that was read.
class Repair {
public:
    Repair(Client& client, const RepairSettings& settings, const Report& reported, Cancel& cancel)
        : client_(client),
          settings_(settings),
          cancel_(cancel),
          all_reported_(reported),
          reported_(by_repository(reported.broken)),
          warned_(by_repository(reported.warnings)) {}

    /// The report gets the plan and what is broken at the end, and its exit code. Error: where the
    /// registry does not let itself be asked at all.
    Status run(Report& report) {
        before_ = report;
        if (!settings_.root.empty()) {
            auto storage = Storage::open(settings_.root);
            if (!storage) {
                return error(Code::invalid_argument, "--root: " + storage.error().message);
            }
            storage_ = *std::move(storage);
        }
        GDS_CHECK(client_.connect());
        const Graphs graphs = survey(report);
        note_tags(graphs);
        GDS_CHECK(plan(graphs));
        if (settings_.yes && !withheld() && !cancel_.stopped()) {
            carry_out(report.complete);
            if (acted_) {
                survey(report);
            }
        }
        tell_plan(report);
        report.exit_code = most_serious(judge(report), stopped_code(cancel_));
        return {};
    }

private:
    [[nodiscard]] const Storage* storage() const { return storage_ ? &*storage_ : nullptr; }

    // What is broken now.

    Graphs survey(Report& report) {
        Graphs graphs;
        WalkSettings walk;
        walk.concurrency = settings_.connection.http.max_connections;
        walk.confirm_after = settings_.confirm_after;
        Walker walker(
            client_, walk, cancel_,
            [&](const Graph& graph) { graphs.emplace(graph.repository(), graph); },
            [](const Counts& /*counts*/) {});
        report.counts = Counts();
        report.complete = before_.complete;
        report.problems = before_.problems;
        for (const std::string& name : repositories()) {
            add(walker, name, report);
        }
        walker.run();
        report.statuses.clear();
        add_counts(report, walker, client_.engine().counters());
        refused_ = refused_ || walker.refused();
        take_broken(report, graphs);
        return graphs;
    }

    [[nodiscard]] std::set<std::string> repositories() const {
        std::set<std::string> names;
        for (const auto* findings : {&reported_, &warned_}) {
            for (const auto& [repository, ignored] : *findings) {
                names.insert(repository);
            }
        }
        return names;
    }

    /// All its tags, and the untagged images that were reported.
    void add(Walker& walker, const std::string& repository, Report& report) {
        std::set<Digest> roots;
        for (const Finding& finding : reported_[repository]) {
            if (finding.tag.empty() && !untagged_root(finding).empty()) {
                roots.insert(untagged_root(finding));
            }
        }
        if (roots.empty()) {
            return walker.add_repositories({repository});
        }
        auto tags = list_tags(repository);
        if (!tags) {
            report.complete = false;
            report.problems.push_back(repository + ": " + tags.error().message);
            return;
        }
        walker.add_images(repository, *std::move(tags), {roots.begin(), roots.end()});
    }

    Result<std::vector<std::string>> list_tags(const std::string& repository) {
        std::optional<Result<std::vector<std::string>>> answer;
        client_.list_tags(repository,
                          [&](Result<std::vector<std::string>> came) { answer = std::move(came); });
        while (!answer) {
            static_cast<void>(client_.engine().pump());
        }
        return *std::move(answer);
    }

    /// What the report says of it; nullptr where it does not name it.
    [[nodiscard]] const Finding* reported(const Finding& finding) const {
        const auto findings = reported_.find(finding.repository);
        if (findings == reported_.end()) {
            return nullptr;
        }
        const auto found =
            std::find_if(findings->second.begin(), findings->second.end(),
                         [&](const Finding& each) { return same_reference(each, finding); });
        return found == findings->second.end() ? nullptr : &*found;
    }

    /// What was reported and is still broken. What only a scan can see of it is taken from there.
    RepositoryFacts facts_of(const Graph& graph) const {
        RepositoryFacts facts{graph, {}};
        for (Finding& finding : graph.findings().broken) {
            const Finding* before = reported(finding);
            if (before == nullptr) {
                continue;
            }
            if (all_reported_.command == "scan" && before->remedy == Remedy::mount) {
                finding.remedy = Remedy::mount;
            }
            if (all_reported_.command == "scan" && !storage_ && heals(before->remedy)) {
                facts.on_disk.push_back(finding);
            }
            facts.broken.push_back(std::move(finding));
        }
        return facts;
    }

    static void take_broken(Report& report, const Graphs& graphs) {
        report.broken.clear();
        report.warnings.clear();
        for (const auto& [repository, graph] : graphs) {
            Graph::Findings found = graph.findings();
            std::move(found.broken.begin(), found.broken.end(), std::back_inserter(report.broken));
            std::move(found.warnings.begin(), found.warnings.end(),
                      std::back_inserter(report.warnings));
        }
    }

    // The plan.

    void note_tags(const Graphs& graphs) {
        for (const auto& [repository, graph] : graphs) {
            graph.each_tag([&, &to = seen_tags_[repository], &from = graph](
                               const std::string& tag, std::optional<Graph::Id> root) {
                if (root) {
                    to.emplace(tag, from.digest_of(*root));
                }
            });
        }
    }

    Status plan(const Graphs& graphs) {
        const Catalog catalog = GDS_TRY(client_.catalog());
        Sources sources(client_, all_reported_, storage(), catalog.repositories);
        std::size_t known = 0;
        for (const auto& [repository, graph] : graphs) {
            RepositoryFacts facts = facts_of(graph);
            known += facts.broken.size();
            for (const Finding& warning : warned_[repository]) {
                if (warning.defect == Defect::gc_blocker && warning.kind == Kind::manifest) {
                    facts.blockers.insert(warning.digest);
                } else if (warning.defect == Defect::gc_risk && !warning.digest.empty()) {
                    facts.at_risk.insert(warning.digest);
                }
            }
            GDS_CHECK(sources.find(facts));
            append(plan_repository(facts));
        }
        if (known < all_reported_.broken.size()) {
            plan_.notes.push_back(fmt::format(
                "{} of the report's {} findings are not seen over the API any more: healed, or "
                "hidden by the registry's cache until it restarts",
                all_reported_.broken.size() - known, all_reported_.broken.size()));
        }
        return {};
    }

    void append(Plan more) {
        std::move(more.steps.begin(), more.steps.end(), std::back_inserter(plan_.steps));
        std::move(more.rebuild.begin(), more.rebuild.end(), std::back_inserter(plan_.rebuild));
        for (std::string& note : more.notes) {
            if (std::find(plan_.notes.begin(), plan_.notes.end(), note) == plan_.notes.end()) {
                plan_.notes.push_back(std::move(note));
            }
        }
    }

    [[nodiscard]] bool withheld() const {
        return settings_.max_delete >= 0 && plan_.deletes() > settings_.max_delete;
    }

    // Carrying it out.

    void carry_out(bool complete) {
        std::map<std::string, std::vector<Step>> deletes;
        for (const Step& step : plan_.steps) {
            if (step.deletes()) {
                deletes[step.repository].push_back(step);
            } else if (!go_on(step)) {
                return;
            }
        }
        if (!complete && !deletes.empty()) {
            // What was not seen may be using what looks unused.
            plan_.notes.emplace_back("nothing was deleted, since not everything could be asked");
            return;
        }
        if (const Status kept = hands().prepare_backup(); !kept && !deletes.empty()) {
            plan_.notes.push_back("nothing was deleted: --backup-dir: " + kept.error().message);
            return;
        }
        for (const auto& [repository, steps] : deletes) {
            if (!remove_all(repository, steps)) {
                return;
            }
        }
    }

    /// False where nothing more can be done.
    bool go_on(const Step& step) {
        if (cancel_.stopped()) {
            return false;
        }
        const Status done = hands().carry_out(step);
        if (done) {
            acted_ = true;
            log::info("done", {{"step", describe(step)}});
            return true;
        }
        log::error("failed", {{"step", describe(step)}, {"error", done.error().message}});
        plan_.notes.push_back(fmt::format("failed: {}: {}", describe(step), done.error().message));
        return done.error().code != Code::read_only && done.error().code != Code::unauthenticated;
    }

    Hands& hands() {
        if (!hands_) {
            hands_.emplace(client_, storage(), settings_.backup_dir);
        }
        return *hands_;
    }

    /// Everything that goes in one repository. False where nothing more can be done at all.
    bool remove_all(const std::string& repository, const std::vector<Step>& steps) {
        std::set<std::string> dangling;
        for (const Step& step : steps) {
            if (step.action == Action::remove_tag) {
                dangling.insert(step.tag);
            }
        }
        const Status allowed = hands().check_deletes(repository);
        const auto tags = hands().head_tags(repository, dangling);
        if (!allowed || !tags) {
            const Error& why = allowed ? tags.error() : allowed.error();
            plan_.notes.push_back(
                fmt::format("nothing was deleted in {}: {}", repository, why.message));
            return why.code != Code::read_only && why.code != Code::unauthenticated;
        }
        if (const std::string moved = moved_tag(repository, *tags); !moved.empty()) {
            // What it leads to was not looked at, and may use what looks unused.
            plan_.notes.push_back(fmt::format(
                "nothing was deleted in {}: the tag {} was set meanwhile: run this again",
                repository, printable(moved)));
            return true;
        }
        const Status replaced = replace_tags(steps);
        if (!replaced) {
            plan_.notes.push_back(
                fmt::format("nothing was deleted in {}: {}", repository, replaced.error().message));
            return replaced.error().code != Code::read_only;
        }
        return std::all_of(steps.begin(), steps.end(),
                           [&](const Step& step) { return go_on(step); });
    }

    /// Tags that lead nowhere come first: beside some of them the registry deletes nothing whole.
    Status replace_tags(const std::vector<Step>& steps) {
        for (const Step& step : steps) {
            if (step.action == Action::remove_tag) {
                GDS_CHECK(hands().replace_tag(step));
            }
        }
        return {};
    }

    /// A tag that leads elsewhere than when the plan was made, other than by a step of it.
    std::string moved_tag(const std::string& repository,
                          const std::map<Digest, std::set<std::string>>& tags) const {
        const auto seen = seen_tags_.find(repository);
        for (const auto& [digest, names] : tags) {
            for (const std::string& name : names) {
                const bool known = seen != seen_tags_.end() && seen->second.count(name) > 0 &&
                                   seen->second.at(name) == digest;
                if (!known && !has_set(repository, name)) {
                    return name;
                }
            }
        }
        return {};
    }

    [[nodiscard]] bool has_set(const std::string& repository, const std::string& tag) const {
        return std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& step) {
            return step.action == Action::tag && step.repository == repository && step.tag == tag;
        });
    }

    void tell_plan(Report& report) const {
        for (const Step& step : plan_.steps) {
            report.plan.push_back(describe(step));
        }
        for (const std::string& image : plan_.rebuild) {
            report.plan.push_back("rebuild " + image);
        }
        for (const std::string& note : plan_.notes) {
            report.plan.push_back("note    " + note);
        }
        if (withheld()) {
            report.plan.push_back(fmt::format(
                "note    the plan would delete {}, more than --max-delete {}: nothing is done",
                plural(plan_.deletes(), "manifest"), settings_.max_delete));
        } else if (!settings_.yes && !plan_.steps.empty()) {
            report.plan.emplace_back("note    nothing was done: --yes carries this out");
        } else if (acted_) {
            report.plan.emplace_back(
                "note    due now: the registry's garbage collection, then its restart");
        }
    }

    [[nodiscard]] ExitCode judge(const Report& report) const {
        ExitCode code = judged(report, refused_);
        if (!settings_.yes && !plan_.steps.empty()) {
            code = most_serious(code, ExitCode::broken);
        }
        return withheld() ? most_serious(code, ExitCode::guard) : code;
    }

    Client& client_;
    const RepairSettings& settings_;
    Cancel& cancel_;
    const Report& all_reported_;
    Report before_;  ///< what was not to be had before anything was asked
    std::map<std::string, std::vector<Finding>> reported_, warned_;
    std::optional<Storage> storage_;
    std::optional<Hands> hands_;
    std::map<std::string, std::map<std::string, Digest>> seen_tags_;  ///< by repository
    Plan plan_;
    bool acted_ = false;
    bool refused_ = false;
};

}  // namespace

ExitCode repair(const RepairSettings& settings, Cancel& cancel, const report::Writer& out) {
    const RunClock clock(cancel, settings.max_duration);
    Report report;
    report.command = "repair";
    const auto fail = [](const Error& why) {
        log::error(why.message);
        return ExitCode::usage;
    };
    if (settings.from.empty()) {
        return fail(error(Code::invalid_argument,
                          "repair works by a report: name one with --from, as probe or scan "
                          "wrote it with --report"));
    }
    const auto reported = read_report_file(settings.from);
    auto connection = client_settings(settings.connection, settings.registry);
    if (!reported || !connection) {
        return fail(reported ? connection.error() : reported.error());
    }
    report.registry = connection->endpoint.host;
    const auto usage = learn_usage(settings.usage, report.registry, cancel, report);
    if (!usage) {
        return fail(usage.error());
    }
    Client client(*std::move(connection), cancel);
    if (const Status ran = Repair(client, settings, *reported, cancel).run(report); !ran) {
        if (ran.error().code == Code::invalid_argument) {
            return fail(ran.error());
        }
        log::error(ran.error().message);
        report.complete = false;
        report.problems.push_back(ran.error().message);
        report.exit_code = registry_code(ran.error(), cancel);
    }
    mark(report, *usage);
    clock.stamp(report);
    return deliver(report, settings.output, out);
}

}  // namespace gds::registry
