#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/registry/commands.h"
#include "gds/registry/output.h"
#include "run_frame.h"
#include "verify_lines.h"
#include "walker.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace gds::registry {

namespace {

/// What is asked of one repository.
struct Wanted {
    std::set<std::string> tags;
    std::set<Digest> digests;
};

/// One registry's part: by repository.
using Images = std::map<std::string, Wanted>;

Result<std::map<std::string, Images>> sort_images(const VerifySettings& settings) {
    std::map<std::string, Images> registries;
    for (const std::string& image : settings.images) {
        const Reference reference = GDS_TRY(parse_reference(image));
        Wanted& wanted = registries[reference.registry][reference.repository];
        if (reference.digest.empty()) {
            wanted.tags.insert(reference.tag);
        } else {
            wanted.digests.insert(reference.digest);
        }
    }
    return registries;
}

class Verify {
public:
    Verify(const VerifySettings& settings, Cancel& cancel, const report::Writer& out)
        : settings_(settings), cancel_(cancel), out_(out), progress_(settings.output.progress) {
        report_.command = "verify";
    }

    /// Error: invalid_argument for what the command line got wrong.
    Status run() {
        const auto registries = GDS_TRY(sort_images(settings_));
        if (!settings_.expect.empty()) {
            const auto expected = Digest::parse(settings_.expect);
            if (!expected || settings_.images.size() != 1) {
                return error(Code::invalid_argument, expected
                                                         ? "--expect is about one image"
                                                         : "--expect: " + expected.error().message);
            }
            expected_ = *expected;
        }
        for (const auto& [host, images] : registries) {
            report_.registry += (report_.registry.empty() ? "" : ",") + host;
            GDS_CHECK(run_registry(host, images));
        }
        progress_.clear();
        return {};
    }

    Report& report() { return report_; }

private:
    Status run_registry(const std::string& host, const Images& images) {
        Client client(GDS_TRY(client_settings(settings_.connection, host)), cancel_);
        if (const Status connected = client.connect(); !connected) {
            report_.complete = false;
            report_.reachable = false;
            report_.problems.push_back(connected.error().message);
            log::error(connected.error().message);
            end_with(registry_code(connected.error(), cancel_));
            return {};
        }
        Pass pass = walk(client, host, images);
        if (pass.unexpected && !cancel_.stopped()) {
            // The tag may just be on its way: like all that is broken it is looked at again.
            sleep_until(std::chrono::steady_clock::now() + settings_.confirm_after, cancel_);
            pass = walk(client, host, images);
        }
        return tell(pass);
    }

    /// What one walk over the images of a registry found.
    struct Pass {
        std::unique_ptr<Walker> walker;
        http::Counters counters;
        std::string lines;
        std::vector<Finding> broken, warnings;
        bool unexpected = false;
    };

    Pass walk(Client& client, const std::string& host, const Images& images) {
        WalkSettings walk;
        walk.concurrency = settings_.connection.http.max_connections;
        walk.platforms = settings_.platforms;
        walk.deep = settings_.deep;
        walk.confirm_after = settings_.confirm_after;
        Pass pass;
        pass.walker = std::make_unique<Walker>(
            client, walk, cancel_, [&](const Graph& graph) { take(pass, host, graph); },
            [this](const Counts& counts) { progress_.update(figures_of(counts)); });
        for (const auto& [repository, wanted] : images) {
            pass.walker->add_images(repository, {wanted.tags.begin(), wanted.tags.end()},
                                    {wanted.digests.begin(), wanted.digests.end()});
        }
        pass.walker->run();
        pass.counters = client.engine().counters();
        return pass;
    }

    Status tell(Pass& pass) {
        add_counts(report_, *pass.walker, pass.counters);
        const auto append = [](std::vector<Finding>& to, std::vector<Finding>& from) {
            to.insert(to.end(), std::make_move_iterator(from.begin()),
                      std::make_move_iterator(from.end()));
        };
        append(report_.broken, pass.broken);
        append(report_.warnings, pass.warnings);
        refused_ = refused_ || pass.walker->refused();
        end_with(most_serious(judged(report_, refused_), stopped_code(cancel_)));
        progress_.clear();
        return settings_.output.json ? Status() : out_(pass.lines);
    }

    void end_with(ExitCode code) { report_.exit_code = most_serious(report_.exit_code, code); }

    void take(Pass& pass, const std::string& host, const Graph& graph) const {
        Graph::Findings found = graph.findings();
        const std::size_t before = found.broken.size();
        add_unexpected(graph, found.broken);
        pass.unexpected = pass.unexpected || found.broken.size() > before;
        add_missing_platforms(graph, found.broken);
        pass.lines += verify_lines(host, graph, found.broken);
        pass.broken.insert(pass.broken.end(), found.broken.begin(), found.broken.end());
        pass.warnings.insert(pass.warnings.end(), found.warnings.begin(), found.warnings.end());
    }

    template <class Visit>
    static void each_root(const Graph& graph, Visit visit) {
        graph.each_tag([&](const std::string& tag, std::optional<Graph::Id> root) {
            if (root) {
                visit(tag, *root);
            }
        });
        for (const Graph::Id root : graph.untagged_roots()) {
            visit("", root);
        }
    }

    void add_unexpected(const Graph& graph, std::vector<Finding>& broken) const {
        each_root(graph, [&](const std::string& tag, Graph::Id root) {
            const Digest& digest = graph.digest_of(root);
            if (expected_.empty() || digest == expected_) {
                return;
            }
            Finding finding;
            finding.repository = graph.repository();
            finding.tag = tag;
            finding.digest = digest;
            finding.defect = Defect::digest;
            finding.status = 200;
            finding.detail = fmt::format("{} was expected", expected_.text());
            finding.remedy = Remedy::rebuild;
            broken.push_back(std::move(finding));
        });
    }

    void add_missing_platforms(const Graph& graph, std::vector<Finding>& broken) const {
        each_root(graph, [&](const std::string& tag, Graph::Id root) {
            if (!graph.is_index(root)) {
                return;
            }
            for (const std::string& platform : settings_.platforms) {
                const auto& children = graph.references(root);
                const bool there =
                    std::any_of(children.begin(), children.end(), [&](const Graph::Edge& child) {
                        Descriptor descriptor;
                        descriptor.platform = graph.platform_of(child);
                        return child.kind == Kind::child && is_platform(descriptor, platform);
                    });
                if (there) {
                    continue;
                }
                Finding finding;
                finding.repository = graph.repository();
                finding.tag = tag;
                finding.parent = graph.digest_of(root);
                finding.kind = Kind::child;
                finding.detail = fmt::format("the index has no {}", platform);
                finding.remedy = Remedy::rebuild;
                broken.push_back(std::move(finding));
            }
        });
    }

    const VerifySettings& settings_;
    Cancel& cancel_;
    const report::Writer& out_;
    report::Progress progress_;
    Digest expected_;
    bool refused_ = false;
    Report report_;
};

}  // namespace

ExitCode verify(const VerifySettings& settings, Cancel& cancel, const report::Writer& out) {
    const RunClock clock(cancel, settings.max_duration);
    Verify verify(settings, cancel, out);
    if (const Status ran = verify.run(); !ran) {
        log::error(ran.error().message);
        return ran.error().code == Code::invalid_argument ? ExitCode::usage : ExitCode::internal;
    }
    clock.stamp(verify.report());
    return deliver(verify.report(), settings.output, out);
}

}  // namespace gds::registry
