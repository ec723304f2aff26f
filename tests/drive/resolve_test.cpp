#include "gds/drive/resolve.h"

#include "support.h"

#include <gtest/gtest.h>

#include <map>

namespace gds::drive {
namespace {

using ::testing::AllOf;
using testing::Asked;
using ::testing::ElementsAre;
using testing::FailedWith;
using testing::file;
using testing::Fixture;
using testing::folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using ::testing::Not;
using testing::page;
using testing::Reply;
using testing::shortcut;

/// Items by parent; "shared" holds what is shared with the account. Compares names as Drive does.
class Tree {
public:
    Tree& add(const std::string& parent, const Json& item) {
        children_[parent].push_back(item);
        by_id_.insert_or_assign(item.at("id").get<std::string>(), item);
        return *this;
    }
    Reply operator()(const Asked& asked) const {
        static const std::string kFiles = "/drive/v3/files";
        if (asked.path != kFiles) {
            const auto found = by_id_.find(asked.path.substr(kFiles.size() + 1));
            return found == by_id_.end() ? testing::refusal(404, "notFound")
                                         : Reply{.body = found->second.dump()};
        }
        const std::string q = asked.parameter("q");
        const bool shared = q.find("sharedWithMe") != std::string::npos;
        const auto found = children_.find(shared ? "shared" : asked.parent());
        std::vector<Json> matching;
        if (found != children_.end()) {
            for (const Json& item : found->second) {
                if (q.find("name = '" + item["name"].get<std::string>() + "'") !=
                    std::string::npos) {
                    matching.push_back(item);
                }
            }
        }
        return page(matching);
    }

private:
    std::map<std::string, std::vector<Json>> children_;
    std::map<std::string, Json> by_id_;
};

Tree usual_tree() {
    Tree tree;
    tree.add("nowhere", folder("root", "My Drive"))
        .add("root", folder("c1", "claude"))
        .add("c1", folder("f1", "files"))
        .add("c1", file("n1", "notes"));
    return tree;
}

Result<ResolvedSource> resolve_in(const Tree& tree, const SourcePath& source) {
    Fixture fixture(tree);
    return resolve(fixture.api, source);
}

SourcePath path(const std::string& text) {
    return {.path = text};
}

TEST(Resolve, FollowsAPathFromMyDrive) {
    for (const char* text : {"claude/files", "/claude//files/", "claude/files/"}) {
        const auto found = resolve_in(usual_tree(), path(text));
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->folder.id, "f1");
        EXPECT_THAT(found->path_ids, ElementsAre("c1", "f1"));
    }
}

TEST(Resolve, AsksForEachNameAndThenForTheFolderById) {
    Fixture fixture(usual_tree());
    ASSERT_TRUE(resolve(fixture.api, path("claude/files")));
    const auto asked = fixture.drive.asked();
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked.back().path, "/drive/v3/files/f1") << "lists lag behind";
}

TEST(Resolve, AnEmptyPathIsTheRootItself) {
    const auto found = resolve_in(usual_tree(), SourcePath{.root = {"c1"}});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->folder.name, "claude");
    EXPECT_THAT(found->path_ids, ElementsAre("c1"));
    const auto my_drive = resolve_in(usual_tree(), SourcePath{});
    ASSERT_TRUE(my_drive);
    EXPECT_EQ(my_drive->folder.name, "My Drive");
}

TEST(Resolve, FollowsAPathFromAGivenFolder) {
    const auto found = resolve_in(usual_tree(), SourcePath{.root = {"c1"}, .path = "files"});
    ASSERT_TRUE(found);
    EXPECT_THAT(found->path_ids, ElementsAre("c1", "f1"));
}

TEST(Resolve, StartsAmongWhatIsShared) {
    Tree tree;
    tree.add("shared", folder("s1", "Team")).add("s1", folder("s2", "docs"));
    const auto found = resolve_in(tree, SourcePath{.shared_with_me = true, .path = "Team/docs"});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_THAT(found->path_ids, ElementsAre("s1", "s2"));
    EXPECT_THAT(resolve_in(tree, SourcePath{.shared_with_me = true}),
                FailedWith(Code::invalid_argument));
}

TEST(Resolve, FollowsShortcutsToFolders) {
    Tree tree = usual_tree();
    tree.add("root", shortcut("x1", "short", "c1")).add("c1", shortcut("x2", "deep", "f1"));
    const auto found = resolve_in(tree, path("short/deep"));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->folder.id, "f1");
    EXPECT_THAT(found->path_ids, ElementsAre("x1", "c1", "x2", "f1"));
}

TEST(Resolve, SendsTheKeysOfKeyedFolders) {
    Tree tree;
    Json keyed = folder("k1", "keyed");
    keyed["resourceKey"] = "kk";
    tree.add("root", keyed).add("k1", folder("k2", "in"));
    Fixture fixture(tree);
    ASSERT_TRUE(resolve(fixture.api, path("keyed/in")));
    EXPECT_EQ(fixture.drive.asked()[1].header("x-goog-drive-resource-keys"), "k1/kk");
}

TEST(Resolve, NamesTheComponentThatIsMissing) {
    const auto found = resolve_in(usual_tree(), path("claude/flies/x"));
    EXPECT_THAT(found, FailedWith(Code::not_found));
    EXPECT_EQ(found.error().reason, "missing");
    EXPECT_THAT(found.error().message,
                AllOf(HasSubstr("\"flies\""), HasSubstr("in \"claude\""), Not(HasSubstr("\"x\""))));
    EXPECT_THAT(resolve_in(usual_tree(), path("nope")).error().message, HasSubstr("in My Drive"));
}

TEST(Resolve, AnotherCaseIsAnotherName) {
    Tree tree;
    tree.add("root", folder("c1", "claude"));
    Fixture fixture([&](const Asked&) { return page({folder("c1", "Claude")}); });
    EXPECT_THAT(resolve(fixture.api, path("claude")), FailedWith(Code::not_found));
}

TEST(Resolve, AFileIsNoFolder) {
    const auto found = resolve_in(usual_tree(), path("claude/notes"));
    EXPECT_THAT(found, FailedWith(Code::conflict));
    EXPECT_EQ(found.error().reason, "not_a_folder");
    EXPECT_THAT(found.error().message, HasSubstr("\"notes\""));
}

TEST(Resolve, ListsEveryFolderOfAnAmbiguousName) {
    Tree tree = usual_tree();
    tree.add("c1", folder("f2", "files")).add("c1", file("f3", "files"));
    const auto found = resolve_in(tree, path("claude/files"));
    EXPECT_THAT(found, FailedWith(Code::conflict));
    EXPECT_EQ(found.error().reason, "ambiguous");
    EXPECT_THAT(found.error().message,
                AllOf(HasSubstr("id f1"), HasSubstr("id f2"), Not(HasSubstr("id f3")),
                      HasSubstr("2026-04-19T02:00:00.000Z"), HasSubstr("--source-id")));
}

TEST(Resolve, AFileBesideTheFolderDoesNotMatter) {
    Tree tree = usual_tree();
    tree.add("root", file("z", "claude"));
    EXPECT_TRUE(resolve_in(tree, path("claude/files")));
}

TEST(Resolve, RefusesAFolderInTheTrash) {
    Tree tree;
    Json trashed = folder("t1", "old");
    trashed["trashed"] = true;
    tree.add("x", trashed);
    const auto found = resolve_in(tree, SourcePath{.root = {"t1"}});
    EXPECT_THAT(found, FailedWith(Code::not_found));
    EXPECT_EQ(found.error().reason, "trashed");
}

TEST(Resolve, RefusesWhatTurnsOutToBeNoFolder) {
    Tree tree;
    // The shortcut remembers what its target was when it was made.
    tree.add("root", shortcut("x1", "was", "n1")).add("y", file("n1"));
    const auto found = resolve_in(tree, path("was"));
    EXPECT_THAT(found, FailedWith(Code::conflict));
    EXPECT_EQ(found.error().reason, "not_a_folder");
    EXPECT_THAT(resolve_in(tree, SourcePath{.root = {"gone"}}), FailedWith(Code::not_found));
}

TEST(Resolve, PassesOnWhatDriveAnswers) {
    Fixture down([](const Asked&) { return testing::refusal(503, "backendError"); });
    const auto unavailable = resolve(down.api, path("claude"));
    EXPECT_THAT(unavailable, FailedWith(Code::unavailable));
    EXPECT_THAT(unavailable.error().message, HasSubstr("\"claude\""));
    Fixture refused([](const Asked&) { return testing::refusal(401, "authError"); });
    EXPECT_THAT(resolve(refused.api, path("claude")), FailedWith(Code::unauthenticated));
    Fixture short_list(
        [](const Asked&) { return Reply{.body = R"({"files": [], "incompleteSearch": true})"}; });
    EXPECT_THAT(resolve(short_list.api, path("claude")), FailedWith(Code::incomplete));
}

TEST(Resolve, ShowsControlCharactersOfNames) {
    Tree tree;
    const auto found = resolve_in(tree, path("a\x1b[2Jb"));
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace gds::drive
