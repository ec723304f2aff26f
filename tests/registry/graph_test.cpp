#include "gds/registry/graph.h"

#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gds::registry {
namespace {

using test::digest_of;

/// A manifest by name with what it refers to, all of size 1.
Graph::Id add(Graph& graph, const std::string& name, const std::vector<std::string>& children,
              const std::vector<std::string>& layers = {}) {
    Manifest manifest;
    manifest.kind = children.empty() ? ManifestKind::image : ManifestKind::index;
    for (const auto& [names, list] :
         {std::pair(&children, &manifest.children), std::pair(&layers, &manifest.layers)}) {
        for (const std::string& each : *names) {
            Descriptor descriptor;
            descriptor.digest = digest_of(each);
            descriptor.size = 1;
            list->push_back(descriptor);
        }
    }
    const Graph::Id id = graph.manifest(digest_of(name));
    graph.set_references(id, manifest);
    graph.set_size(id, 1);
    return id;
}

Verdict missing() {
    return {Defect::missing, 404, "", Remedy::rebuild};
}

/// "tag parent>digest" of each broken reference, by the names that the digests were made of.
std::vector<std::string> broken(const Graph& graph, const std::vector<std::string>& names) {
    const auto name_of = [&](const Digest& digest) {
        const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
            return digest_of(name) == digest;
        });
        return found == names.end() ? std::string("-") : *found;
    };
    std::vector<std::string> lines;
    for (const Finding& finding : graph.findings().broken) {
        lines.push_back(finding.tag + " " + name_of(finding.parent) + ">" +
                        name_of(finding.digest));
    }
    return lines;
}

using Lines = std::vector<std::string>;

TEST(Graph, NamesAnObjectOnceForEachReference) {
    Graph graph("app");
    const auto top = add(graph, "top", {"one", "two"});
    add(graph, "one", {}, {"layer", "layer", "own"});
    add(graph, "two", {}, {"layer"});
    graph.set_tag("t", top);
    graph.set_tag("u", top);
    graph.set_tag("v", graph.manifest(digest_of("two")));
    graph.condemn(graph.blob(digest_of("layer")), missing());
    EXPECT_EQ((Lines{"t one>layer", "t two>layer", "u one>layer", "u two>layer", "v two>layer"}),
              broken(graph, {"top", "one", "two", "layer"}));
    EXPECT_EQ(3, graph.tag_count());
    EXPECT_EQ(3, graph.manifest_count());
    EXPECT_EQ(2, graph.blob_count());
}

TEST(Graph, LooksForNothingBelowWhatIsBroken) {
    Graph graph("app");
    graph.set_tag("t", add(graph, "top", {"one"}));
    graph.condemn(graph.manifest(digest_of("one")), missing());
    graph.condemn(graph.blob(digest_of("layer")), missing());
    EXPECT_EQ(Lines{"t top>one"}, broken(graph, {"top", "one", "layer"}));
}

TEST(Graph, HoldsSizesAgainstEachDescriptor) {
    Graph graph("app", 200);
    graph.set_tag("t", add(graph, "top", {}, {"a", "b", "c"}));
    graph.set_size(graph.blob(digest_of("a")), 1);
    graph.set_size(graph.blob(digest_of("b")), 2);
    const auto found = graph.findings().broken;  // of c no size is known
    ASSERT_EQ(1U, found.size());
    EXPECT_EQ(Defect::size, found[0].defect);
    EXPECT_EQ(200, found[0].status);
    EXPECT_EQ(digest_of("b"), found[0].digest);
    EXPECT_EQ(digest_of("top"), found[0].root);
}

TEST(Graph, ThatGoesInACircleComesToAnEnd) {
    Graph graph("app");
    graph.set_tag("t", add(graph, "a", {"b", "a"}));
    add(graph, "b", {"a", "c"});
    graph.condemn(graph.manifest(digest_of("c")), missing());
    EXPECT_EQ(Lines{"t b>c"}, broken(graph, {"a", "b", "c"}));
}

TEST(Graph, IsFollowedEightIndexesDeep) {
    const auto chain = [](int length) {
        Graph graph("app");
        for (int n = 0; n < length; ++n) {
            add(graph, std::to_string(n), {std::to_string(n + 1)});
        }
        add(graph, std::to_string(length), {}, {"layer"});
        graph.set_tag("t", graph.manifest(digest_of("0")));
        graph.condemn(graph.blob(digest_of("layer")), missing());
        return graph;
    };
    const auto deep = chain(kDeepestIndex).findings().broken;
    ASSERT_EQ(1U, deep.size());
    EXPECT_EQ(Kind::layer, deep[0].kind);
    const auto deeper = chain(kDeepestIndex + 1).findings().broken;
    ASSERT_EQ(1U, deeper.size());
    EXPECT_EQ(Kind::child, deeper[0].kind);
    EXPECT_EQ(digest_of(std::to_string(kDeepestIndex + 1)), deeper[0].digest);
    EXPECT_EQ(1U, chain(5000).findings().broken.size());
}

/// Each of these indexes lists all of the next level twice over: walked path by path that would be
/// 16^8 ways.
TEST(Graph, ThatFansOutIsWalkedOnce) {
    Graph graph("app");
    for (int level = 0; level < kDeepestIndex; ++level) {
        for (int n = 0; n < 8; ++n) {
            std::vector<std::string> below;
            for (int m = 0; m < 16; ++m) {
                below.push_back(std::to_string(level + 1) + "/" + std::to_string(m % 8));
            }
            add(graph, std::to_string(level) + "/" + std::to_string(n), below);
        }
    }
    graph.set_tag("t", graph.manifest(digest_of("0/0")));
    graph.condemn(graph.manifest(digest_of("8/0")), missing());
    EXPECT_EQ(8U, graph.findings().broken.size());  // of each index of the last level
}

TEST(Graph, TellsTagsThatLeadNowhere) {
    Graph graph("app");
    graph.break_tag("t", {Defect::missing, 404, "gone", Remedy::retag});
    const auto found = graph.findings().broken;
    ASSERT_EQ(1U, found.size());
    EXPECT_EQ(Kind::tag, found[0].kind);
    EXPECT_TRUE(found[0].digest.empty() && found[0].root.empty());
    graph.set_tag("t", add(graph, "top", {}));
    EXPECT_TRUE(graph.findings().broken.empty());
    graph.break_tag("t", missing());
    graph.pardon_tag("t");
    EXPECT_TRUE(graph.findings().broken.empty());
    EXPECT_EQ(0, graph.tag_count());
}

TEST(Graph, ReportsUntaggedRootsWithoutATag) {
    Graph graph("app");
    graph.add_untagged_root(add(graph, "top", {"child"}));
    graph.condemn(graph.manifest(digest_of("child")), missing());
    EXPECT_EQ(Lines{" top>child"}, broken(graph, {"top", "child"}));
    graph.pardon(graph.manifest(digest_of("child")));
    EXPECT_TRUE(graph.findings().broken.empty());
}

TEST(Graph, TellsABlobAndAManifestOfOneDigestApart) {
    Graph graph("app");
    graph.set_tag("t", add(graph, "top", {"both"}, {"both"}));
    graph.condemn(graph.blob(digest_of("both")), missing());
    const auto found = graph.findings().broken;
    ASSERT_EQ(1U, found.size());
    EXPECT_EQ(Kind::layer, found[0].kind);
}

TEST(Graph, KeepsAFewPlatformsApartOutOfAnyNumber) {
    Graph graph("app");
    Manifest manifest;
    manifest.kind = ManifestKind::index;
    for (int n = 0; n < 1000; ++n) {
        Descriptor child;
        child.digest = digest_of(std::to_string(n));
        child.platform = "os/" + std::to_string(n);
        manifest.children.push_back(child);
    }
    const auto id = graph.manifest(digest_of("top"));
    graph.set_references(id, manifest);
    EXPECT_EQ("os/0", graph.platform_of(graph.references(id)[0]));
    EXPECT_EQ("", graph.platform_of(graph.references(id)[999]));
}

}  // namespace
}  // namespace gds::registry
