#include "repair_plan.h"

#include "support.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace gds::registry {
namespace {

using test::digest_of;
using Where = BlobPlace::Where;

Verdict verdict(Defect defect) {
    return {defect, 404, "", Remedy::rebuild};
}

/// A repository by names: what each manifest refers to, and what is wrong.
class World {
public:
    void add_image(const std::string& name, const std::vector<std::string>& layers) {
        std::vector<Digest> digests;
        for (const std::string& layer : layers) {
            digests.push_back(digest_of(layer));
        }
        texts_[name] = test::image_text(digest_of(name + "/config"), digests);
    }
    void add_index(const std::string& name, const std::vector<std::string>& children) {
        std::vector<test::Child> entries;
        for (const std::string& child : children) {
            entries.push_back(
                {digest_of(child), static_cast<std::int64_t>(texts_.at(child).size())});
        }
        texts_[name] = test::index_text(entries);
        children_[name] = children;
    }
    void add_tag(const std::string& tag, const std::string& root) { tags_[tag] = root; }
    void lose_manifest(const std::string& name, Defect defect = Defect::missing) {
        lost_manifests_[name] = defect;
    }
    void lose_blob(const std::string& name, Defect defect = Defect::missing) {
        lost_blobs_[name] = defect;
    }
    [[nodiscard]] const std::string& text_of(const std::string& name) const {
        return texts_.at(name);
    }
    [[nodiscard]] ManifestBytes bytes_of(const std::string& name) const {
        return {"application/vnd.oci.image.manifest.v1+json", texts_.at(name)};
    }

    /// As a walk over HTTP would see it: what is lost shows nothing of what it refers to.
    [[nodiscard]] Graph graph() const {
        Graph graph("app", 200);
        std::vector<std::string> names;
        for (const auto& [tag, root] : tags_) {
            names.push_back(root);
        }
        while (!names.empty()) {
            const std::string name = names.back();
            names.pop_back();
            const auto id = graph.manifest(digest_of(name));
            if (const auto lost = lost_manifests_.find(name); lost != lost_manifests_.end()) {
                graph.condemn(id, verdict(lost->second));
                continue;
            }
            graph.set_references(id, test::parsed(texts_.at(name)));
            graph.set_size(id, static_cast<std::int64_t>(texts_.at(name).size()));
            if (const auto below = children_.find(name); below != children_.end()) {
                names.insert(names.end(), below->second.begin(), below->second.end());
            }
        }
        for (const auto& [tag, root] : tags_) {
            const bool leads_nowhere =
                lost_manifests_.count(root) > 0 && lost_manifests_.at(root) == Defect::missing;
            if (leads_nowhere) {
                graph.break_tag(tag, verdict(Defect::missing));
            } else {
                graph.set_tag(tag, graph.manifest(digest_of(root)));
            }
        }
        for (const auto& [name, defect] : lost_blobs_) {
            graph.condemn(graph.blob(digest_of(name)), verdict(defect));
        }
        return graph;
    }

    /// Everything broken is reported, and nothing brings it back.
    [[nodiscard]] RepositoryFacts facts() const {
        RepositoryFacts facts{graph(), {}};
        facts.broken = facts.graph.findings().broken;
        return facts;
    }

    /// Names of the manifests that a tag's root needs, itself first.
    [[nodiscard]] std::vector<std::string> below(const std::string& tag) const {
        std::vector<std::string> all = {tags_.at(tag)};
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (const auto found = children_.find(all[i]); found != children_.end()) {
                all.insert(all.end(), found->second.begin(), found->second.end());
            }
        }
        return all;
    }
    [[nodiscard]] const std::map<std::string, std::string>& tags() const { return tags_; }

private:
    std::map<std::string, std::string> texts_, tags_;
    std::map<std::string, std::vector<std::string>> children_;
    std::map<std::string, Defect> lost_manifests_, lost_blobs_;
};

/// Each step's action and what it is about, by the names that the digests were made of.
std::vector<std::string> steps_of(const Plan& plan, const std::vector<std::string>& names) {
    std::vector<std::string> lines;
    for (const Step& step : plan.steps) {
        std::string line = describe(step).substr(0, 7);
        line.erase(line.find_last_not_of(' ') + 1);
        for (const std::string& name : names) {
            line += digest_of(name) == step.digest ? " " + name : "";
        }
        lines.push_back(line + (step.tag.empty() ? "" : " " + step.tag) +
                        (step.from.empty() ? "" : " from " + step.from));
    }
    return lines;
}

using Lines = std::vector<std::string>;

/// Two indexes that share a child; of the first, a layer of its other child can be lost.
World two_indexes() {
    World world;
    world.add_image("shared", {"base"});
    world.add_image("own", {"layer"});
    world.add_image("other", {"third"});
    world.add_index("first", {"shared", "own"});
    world.add_index("second", {"shared", "other"});
    world.add_tag("a", "first");
    world.add_tag("b", "second");
    return world;
}

const std::vector<std::string> kNames = {"shared", "own",  "other", "first",
                                         "second", "base", "layer", "third"};

TEST(Plan, RemovesAnIndexWithTheChildrenThatNothingElseUses) {
    World world = two_indexes();
    world.lose_blob("layer");
    const Plan plan = plan_repository(world.facts());
    EXPECT_EQ((Lines{"delete first", "delete own"}), steps_of(plan, kNames));
    EXPECT_EQ(2, plan.deletes());
    EXPECT_EQ(Lines{"app:a"}, plan.rebuild);
}

TEST(Plan, TellsOfEveryTagThatGoesWithAnIndex) {
    World world = two_indexes();
    world.add_tag("also", "first");
    world.lose_blob("layer");
    RepositoryFacts facts = world.facts();
    std::erase_if(facts.broken, [](const Finding& finding) { return finding.tag == "also"; });
    EXPECT_EQ((Lines{"app:a", "app:also"}), plan_repository(facts).rebuild);
}

TEST(Plan, LeavesAloneWhatWasNotReported) {
    World world = two_indexes();
    world.lose_blob("layer");
    RepositoryFacts facts = world.facts();
    facts.broken.clear();
    EXPECT_TRUE(plan_repository(facts).steps.empty());
}

TEST(Plan, DeletesNothingThatIsGoneAlready) {
    World world = two_indexes();
    world.lose_manifest("own");
    EXPECT_EQ(Lines{"delete first"}, steps_of(plan_repository(world.facts()), kNames));
}

TEST(Plan, MountsThenPutsChildrenBeforeTheirIndex) {
    World world = two_indexes();
    world.lose_manifest("own");
    RepositoryFacts facts = world.facts();
    facts.manifests[digest_of("own")] = world.bytes_of("own");
    facts.blobs[digest_of("own/config")] = {Where::here};
    facts.blobs[digest_of("layer")] = {Where::sibling, "team/base"};
    EXPECT_EQ((Lines{"mount layer from team/base", "put own"}),
              steps_of(plan_repository(facts), kNames));
    facts.blobs[digest_of("layer")] = {Where::disk};
    EXPECT_EQ((Lines{"upload layer", "put own"}), steps_of(plan_repository(facts), kNames));
}

TEST(Plan, TakesBackStepsThatDoNotSuffice) {
    World world = two_indexes();
    world.lose_manifest("own");
    RepositoryFacts facts = world.facts();
    facts.manifests[digest_of("own")] = world.bytes_of("own");
    facts.blobs[digest_of("own/config")] = {Where::nowhere};
    facts.blobs[digest_of("layer")] = {Where::sibling, "team/base"};
    EXPECT_EQ(Lines{"delete first"}, steps_of(plan_repository(facts), kNames));
}

TEST(Plan, HealsNothingOfWhatIsLostAnyway) {
    World world = two_indexes();
    world.lose_manifest("own");
    world.lose_manifest("shared");
    RepositoryFacts facts = world.facts();
    facts.manifests[digest_of("own")] = world.bytes_of("own");
    facts.blobs[digest_of("own/config")] = {Where::here};
    facts.blobs[digest_of("layer")] = {Where::sibling, "team/base"};
    Lines lines = steps_of(plan_repository(facts), kNames);
    std::sort(lines.begin(), lines.end());
    EXPECT_EQ((Lines{"delete first", "delete other", "delete second"}), lines);
}

TEST(Plan, SetsATagAgainAfterWhatItNeeds) {
    World world = two_indexes();
    world.lose_manifest("first");
    RepositoryFacts facts = world.facts();
    facts.tags["a"] = world.bytes_of("first");
    facts.served = {digest_of("shared"), digest_of("own")};
    const Plan plan = plan_repository(facts);
    ASSERT_EQ(1U, plan.steps.size());
    EXPECT_EQ(Action::tag, plan.steps[0].action);
    EXPECT_EQ("a", plan.steps[0].tag);
    facts.served = {digest_of("shared")};  // of the other child there is nothing
    const Plan lost = plan_repository(facts);
    ASSERT_EQ(1U, lost.steps.size());
    EXPECT_EQ(Action::remove_tag, lost.steps[0].action);
    EXPECT_EQ(Lines{"app:a"}, lost.rebuild);
}

TEST(Plan, OnlyNotesWhatTheDiskAloneCanMend) {
    World world = two_indexes();
    world.lose_blob("layer", Defect::unlinked);
    RepositoryFacts facts = world.facts();
    facts.on_disk = facts.broken;
    const Plan plan = plan_repository(facts);
    EXPECT_TRUE(plan.steps.empty() && plan.rebuild.empty());
    ASSERT_EQ(1U, plan.notes.size());
    EXPECT_NE(std::string::npos, plan.notes[0].find("--root")) << plan.notes[0];
}

TEST(Plan, OnlyNotesWhatARestartMends) {
    World world = two_indexes();
    world.lose_blob("layer", Defect::cache);
    const Plan plan = plan_repository(world.facts());
    EXPECT_TRUE(plan.steps.empty() && plan.rebuild.empty());
    EXPECT_EQ(1U, plan.notes.size());
}

TEST(Plan, NotesTheFileThatAPushWouldNotOverwrite) {
    World world = two_indexes();
    world.lose_blob("layer", Defect::digest);
    RepositoryFacts facts = world.facts();
    facts.blobs[digest_of("layer")] = {Where::here};
    const Plan plan = plan_repository(facts);
    EXPECT_EQ((Lines{"delete first", "delete own"}), steps_of(plan, kNames));
    ASSERT_EQ(1U, plan.notes.size());
    EXPECT_NE(std::string::npos, plan.notes[0].find(std::string(digest_of("layer").hex())));
}

TEST(Plan, MountsALayerWhoseLinkIsWrong) {
    World world = two_indexes();
    world.lose_blob("layer", Defect::size);
    RepositoryFacts facts = world.facts();
    facts.broken[0].remedy = Remedy::mount;  // as a scan knows
    facts.blobs[digest_of("layer")] = {Where::sibling, "team/base"};
    EXPECT_EQ(Lines{"mount layer from team/base"}, steps_of(plan_repository(facts), kNames));
}

TEST(Plan, KeepsChildrenOfUntaggedIndexes) {
    World world = two_indexes();
    world.lose_blob("layer");
    RepositoryFacts facts = world.facts();
    facts.used_untagged = {digest_of("own")};
    EXPECT_EQ(Lines{"delete first"}, steps_of(plan_repository(facts), kNames));
}

TEST(Plan, NeverNamesATagThatNoneCanHave) {
    World world;
    world.add_image("image", {});
    for (const char* tag : {"t old", "..", ".nfs1", "a/b"}) {
        world.add_tag(tag, "image");
    }
    world.lose_manifest("image");
    const Plan plan = plan_repository(world.facts());
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(4U, plan.notes.size());
}

// --- whatever the repository looks like ---

template <class T>
std::vector<T> some_of(const std::vector<T>& all) {
    std::vector<T> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [](const T& /*each*/) { return *rc::gen::arbitrary<bool>(); });
    return some;
}

std::vector<std::string> numbered(const std::string& name, int count) {
    std::vector<std::string> names;
    for (int n = 0; n < count; ++n) {
        names.push_back(name + std::to_string(n));
    }
    return names;
}

bool seldom() {
    return *rc::gen::inRange(0, 5) == 0;
}

World any_world() {
    World world;
    const auto layers = numbered("layer", 5);
    const auto images = numbered("image", 5);
    const auto indexes = numbered("index", 4);
    for (const std::string& image : images) {
        world.add_image(image, some_of(layers));
    }
    std::vector<std::string> below = images;
    for (const std::string& index : indexes) {
        world.add_index(index, some_of(below));
        below.push_back(index);  // later ones may nest it
    }
    for (const std::string& tag : numbered("tag", 5)) {
        world.add_tag(tag, *rc::gen::elementOf(below));
    }
    const auto any_defect = [] {
        return *rc::gen::element(Defect::missing, Defect::unlinked, Defect::unreadable,
                                 Defect::size, Defect::digest, Defect::cache);
    };
    for (const std::string& name : below) {
        if (seldom()) {
            world.lose_manifest(
                name, *rc::gen::element(Defect::missing, Defect::unreadable, Defect::digest));
        }
    }
    for (const std::string& name : layers) {
        if (seldom()) {
            world.lose_blob(name, any_defect());
        }
    }
    return world;
}

/// What is known beside the walk: bytes for some, places for some, reports of some.
RepositoryFacts any_facts(const World& world) {
    RepositoryFacts facts = world.facts();
    facts.broken = some_of(facts.broken);
    facts.on_disk = some_of(facts.broken);
    for (Finding& finding : facts.broken) {
        if (seldom()) {
            finding.remedy = Remedy::mount;
        }
    }
    std::vector<Digest> manifests;
    for (const auto& names : {numbered("image", 5), numbered("index", 4)}) {
        for (const std::string& name : names) {
            manifests.push_back(digest_of(name));
            if (*rc::gen::arbitrary<bool>()) {
                facts.manifests[digest_of(name)] = world.bytes_of(name);
            }
            facts.blobs[digest_of(name + "/config")] = {Where::here};
        }
    }
    for (const std::string& name : numbered("layer", 5)) {
        facts.blobs[digest_of(name)] = {
            *rc::gen::element(Where::nowhere, Where::here, Where::sibling, Where::disk), "other"};
    }
    for (const auto& [tag, root] : world.tags()) {
        if (seldom()) {
            facts.tags[tag] = world.bytes_of(root);
        }
    }
    for (const Digest& digest : some_of(manifests)) {
        const auto id = facts.graph.find_manifest(digest);
        if (id && facts.graph.verdict_of(*id) == nullptr) {
            (*rc::gen::arbitrary<bool>() ? facts.served : facts.at_risk).insert(digest);
        } else if (id) {
            facts.blockers.insert(digest);
        }
    }
    return facts;
}

RC_GTEST_PROP(AnyPlan, NeverTouchesWhatASoundTagUses, ()) {
    const World world = any_world();
    const RepositoryFacts facts = any_facts(world);
    const Plan plan = plan_repository(facts);
    std::set<std::string> broken_tags;
    for (const Finding& finding : facts.graph.findings().broken) {
        broken_tags.insert(finding.tag);
    }
    for (const auto& [tag, root] : world.tags()) {
        if (broken_tags.count(tag) > 0) {
            continue;
        }
        for (const std::string& name : world.below(tag)) {
            for (const Step& step : plan.steps) {
                RC_ASSERT(!(step.action == Action::remove && step.digest == digest_of(name)));
                RC_ASSERT(!(step.action == Action::remove_tag && step.tag == tag));
                RC_ASSERT(!(step.action == Action::tag && step.tag == tag));
            }
        }
    }
}

RC_GTEST_PROP(AnyPlan, RemovesOnlyWhatWasReportedWithItsChildren, ()) {
    const World world = any_world();
    const RepositoryFacts facts = any_facts(world);
    const Plan plan = plan_repository(facts);
    std::set<Digest> due = facts.blockers;
    std::set<std::string> tags;
    for (const Finding& finding : facts.broken) {
        tags.insert(finding.tag);
        for (const std::string& name : world.below(finding.tag)) {
            due.insert(digest_of(name));
        }
    }
    for (const Step& step : plan.steps) {
        RC_ASSERT(step.action != Action::remove || due.count(step.digest) > 0);
        RC_ASSERT(step.action != Action::remove_tag || tags.count(step.tag) > 0);
    }
}

RC_GTEST_PROP(AnyPlan, DoesNotRemoveWhatItPuts, ()) {
    const World world = any_world();
    const Plan plan = plan_repository(any_facts(world));
    std::set<Digest> put;
    bool deletes = false;
    for (const Step& step : plan.steps) {
        if (step.action == Action::put) {
            put.insert(step.digest);
        }
        // Deletes come last, so that nothing that heals finds its source gone.
        deletes = deletes || step.deletes();
        RC_ASSERT(step.deletes() || !deletes);
    }
    for (const Step& step : plan.steps) {
        RC_ASSERT(step.action != Action::remove || put.count(step.digest) == 0);
    }
}

RC_GTEST_PROP(AnyPlan, PutsNothingBeforeWhatItRefersTo, ()) {
    const World world = any_world();
    const RepositoryFacts facts = any_facts(world);
    std::set<Digest> there = facts.served;
    for (const auto& [digest, place] : facts.blobs) {
        if (place.where == Where::here) {
            there.insert(digest);
        }
    }
    for (const Step& step : plan_repository(facts).steps) {
        const bool at_risk = facts.at_risk.count(step.digest) > 0;  // it and all below is served
        if ((step.action == Action::put && !at_risk) || step.action == Action::tag) {
            const Manifest manifest = test::parsed(step.bytes.content);
            for (const auto* list : {&manifest.children, &manifest.layers}) {
                for (const Descriptor& each : *list) {
                    RC_ASSERT(there.count(each.digest) > 0);
                }
            }
        }
        there.insert(step.digest);
    }
}

}  // namespace
}  // namespace gds::registry
