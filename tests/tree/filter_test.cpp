#include "gds/tree/filter.h"

#include "support.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace gds::tree {
namespace {

Filter make(const FilterOptions& options) {
    auto filter = Filter::make(options);
    EXPECT_TRUE(filter.has_value()) << (filter ? "" : filter.error().message);
    return *std::move(filter);
}

std::string problem(const FilterOptions& options) {
    const auto filter = Filter::make(options);
    EXPECT_FALSE(filter.has_value());
    return filter ? "" : filter.error().message;
}

TEST(Filter, WithoutRulesTakesEverything) {
    const auto filter = make({});
    EXPECT_TRUE(filter.empty());
    EXPECT_TRUE(filter.includes_file("a/b", 1));
    EXPECT_TRUE(filter.includes_dir("a"));
}

TEST(Filter, BoundsTheSizeButNotTheUnknownOne) {
    FilterOptions options;
    options.max_size = 10;
    const auto filter = make(options);
    EXPECT_FALSE(filter.empty());
    EXPECT_TRUE(filter.includes_file("a", 10));
    EXPECT_FALSE(filter.includes_file("a", 11));
    EXPECT_TRUE(filter.includes_file("a", -1));
}

TEST(Filter, TheRootAlwaysTakesPart) {
    FilterOptions options;
    options.exclude = {"**"};
    const auto filter = make(options);
    EXPECT_TRUE(filter.includes_dir(""));
    EXPECT_FALSE(filter.includes_dir("a"));
    EXPECT_FALSE(filter.includes_file("a", 1));
}

TEST(Filter, LeavesOutWhatLiesBelowADirectoryLeftOut) {
    FilterOptions options;
    options.include = {"/keep/**"};
    options.exclude = {"tmp/"};
    const auto filter = make(options);
    EXPECT_TRUE(filter.includes_dir("keep/a/b"));
    EXPECT_FALSE(filter.includes_dir("other"));
    EXPECT_FALSE(filter.includes_dir("other/keep"));
    EXPECT_FALSE(filter.includes_file("other/keep/x", 1));
}

TEST(Filter, MatchesNamesThatAreNotUtf8) {
    FilterOptions options;
    options.exclude = {"caf?.txt"};
    const auto filter = make(options);
    EXPECT_FALSE(filter.includes_file("caf\xe9.txt", 1));
    EXPECT_FALSE(filter.includes_file("caf\n.txt", 1));
    EXPECT_TRUE(filter.includes_file("cafe\xe9.txt", 1));
}

TEST(Filter, ReadsFilesOfRules) {
    const TempDir dir;
    FilterOptions options;
    options.exclude = {"*.log"};
    options.filter_from = {dir.write("rules",
                                     "# comment\n; comment\r\n\n- *.tmp\n!\n"
                                     "  + /keep/*.bak\n- *.bak")};
    const auto filter = make(options);
    EXPECT_TRUE(filter.includes_file("a.log", 1)) << "'!' forgets what came before";
    EXPECT_TRUE(filter.includes_file("a.tmp", 1));
    EXPECT_TRUE(filter.includes_file("keep/a.bak", 1));
    EXPECT_FALSE(filter.includes_file("a.bak", 1));
}

TEST(Filter, NamesTheRuleThatIsWrong) {
    FilterOptions options;
    options.include = {"ok", "[a"};
    EXPECT_EQ(problem(options), "--include \"[a\": '[' is never closed");
    options.include = {};
    options.exclude = {""};
    EXPECT_EQ(problem(options), "--exclude \"\": the glob is empty");
    options.exclude = {"{{(}}"};
    EXPECT_EQ(problem(options), "--exclude \"{{(}}\": missing ): (^|/)(()$");
}

TEST(Filter, NamesTheLineThatIsWrong) {
    const TempDir dir;
    FilterOptions options;
    const auto file = dir.write("rules", "+ a\n\nb\n");
    options.filter_from = {file};
    EXPECT_EQ(problem(options), file + ":3: \"b\": a rule is \"+ GLOB\", \"- GLOB\" or \"!\"");
    options.filter_from = {dir.write("rules", "- a***")};
    EXPECT_EQ(problem(options), file + ":1: \"- a***\": more than two stars in a row");
    options.filter_from = {file + ".none"};
    EXPECT_EQ(Filter::make(options).error().code, Code::not_found);
    EXPECT_NE(problem(options).find(file + ".none"), std::string::npos);
}

TEST(Filter, RefusesGlobsThatCannotBeRead) {
    for (const std::string glob : {"a]", "a}", "{a", "{{a", "{{a}", "a\\", "[a", "[a/b]"}) {
        FilterOptions options;
        options.include = {glob};
        EXPECT_NE(problem(options).find(glob), std::string::npos);
    }
}

TEST(Filter, FingerprintFollowsTheRules) {
    std::vector<FilterOptions> all(7);
    all[1].include = {"a"};
    all[2].exclude = {"a"};
    all[3].exclude = {"a", "b"};
    all[4].exclude = {"b", "a"};
    all[5].max_size = 1;
    all[6].exclude = {"/a"};
    std::set<std::string> fingerprints;
    for (const auto& options : all) {
        EXPECT_EQ(make(options).fingerprint(), make(options).fingerprint());
        fingerprints.insert(make(options).fingerprint());
    }
    EXPECT_EQ(fingerprints.size(), all.size());
}

TEST(Filter, AnsweringIsLinearInThePath) {
    FilterOptions options;
    options.exclude = {"{{(a*)*(a*)*b}}"};
    EXPECT_TRUE(make(options).includes_file(std::string(100000, 'a'), 1));
}

// --- The same verdicts as the installed rclone ---------------------------------------------------

using Paths = std::set<std::string>;

/// A tree with names that rules of a small alphabet match in part.
class AgainstRclone : public testing::Test {
protected:
    AgainstRclone() {
        // The deepest first: where a directory of that name stands, add() leaves the file out.
        for (const std::string top : {"foo/bar/foo/", "tmp/a/tmp/", "a/b/c/", "a/foo/", "foo/bar/",
                                      "foo/", "x.d/", "a/", "b/", ""}) {
            for (const std::string name : {"a", "b", "bar", "foo.txt", "a.txt", "b.jpg", "ab", "c+",
                                           "{x}", "A", "foo.txt.bak"}) {
                add(top + name);
            }
        }
    }

    void add(const std::string& path) {
        if (std::filesystem::is_directory(dir_.path() / "tree" / path)) {
            return;
        }
        dir_.write("tree/" + path, "x");
        files_.insert(path);
        for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
            dirs_.insert(path.substr(0, at));
        }
    }

    [[nodiscard]] Finished list(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"lsf", "-R", (dir_.path() / "tree").string()});
        return rclone(arguments);
    }

    /// Compares every file and directory of the tree.
    void compare(const FilterOptions& options, const std::vector<std::string>& arguments) const {
        const auto filter = Filter::make(options);
        const auto ran = list(arguments);
        ASSERT_EQ(filter.has_value(), ran.status == 0)
            << (filter ? "" : filter.error().message) << " for "
            << testing::PrintToString(arguments);
        if (!filter) {
            return;
        }
        Paths theirs, ours;
        for (const auto& line : split(ran.output, '\n')) {
            if (!line.empty()) {
                theirs.insert(line);
            }
        }
        for (const auto& file : files_) {
            if (filter->includes_file(file, 1)) {
                ours.insert(file);
            }
        }
        for (const auto& dir : dirs_) {
            if (filter->includes_dir(dir)) {
                ours.insert(dir + "/");
            }
        }
        EXPECT_EQ(ours, theirs) << testing::PrintToString(arguments);
    }

    void compare_flags(const std::vector<std::string>& include,
                       const std::vector<std::string>& exclude) const {
        FilterOptions options;
        options.include = include;
        options.exclude = exclude;
        std::vector<std::string> arguments;
        for (const auto& glob : include) {
            arguments.insert(arguments.end(), {"--include", glob});
        }
        for (const auto& glob : exclude) {
            arguments.insert(arguments.end(), {"--exclude", glob});
        }
        compare(options, arguments);
    }

    TempDir dir_;
    Paths files_, dirs_;
};

TEST_F(AgainstRclone, EveryFormOfGlob) {
    for (const std::string glob : {"*",
                                   "**",
                                   "/*",
                                   "/**",
                                   "*.txt",
                                   "/*.txt",
                                   "foo",
                                   "foo/",
                                   "/foo/",
                                   "foo/**",
                                   "foo/*",
                                   "/foo/*",
                                   "foo/bar/**",
                                   "bar",
                                   "/bar",
                                   "f?o.txt",
                                   "[ab]",
                                   "[a-b].*",
                                   "[^a]*",
                                   "{a,foo}.txt",
                                   "{foo,a}/**",
                                   "{foo/bar,a}/*.txt",
                                   "{{f.*o}}.txt",
                                   "{{(a|b){1}}}.*",
                                   "**/foo/**",
                                   "a/**/c/*",
                                   "a**.txt",
                                   "**.txt",
                                   "*.d/",
                                   "*o/bar/",
                                   "c+",
                                   "\\{x\\}",
                                   "foo.txt",
                                   "{*.txt,*.jpg}",
                                   "/foo//bar/*",
                                   "foo.txt*",
                                   "[[:upper:]]",
                                   "tmp/",
                                   "b{,.jpg}",
                                   "a{/**,b}",
                                   "A",
                                   "**/",
                                   "*/",
                                   "a]",
                                   "{a",
                                   "***",
                                   "[a",
                                   "{{a"}) {
        compare_flags({glob}, {});
        compare_flags({}, {glob});
    }
}

TEST_F(AgainstRclone, IncludesBeforeExcludes) {
    compare_flags({"*.txt"}, {"foo/"});
    compare_flags({"*.txt"}, {"a.txt"});
    compare_flags({"/foo/**", "a/**"}, {"bar/", "*.jpg"});
    compare_flags({"foo/bar/*"}, {"**"});
}

TEST_F(AgainstRclone, RandomFilesOfRules) {
    const std::vector<std::string> pieces = {
        "a", "b",   "foo",  "bar",  "*",       "**",  "?",       "/",      "/",
        ".", "txt", ".txt", "[ab]", "{a,foo}", "tmp", "{{.o+}}", "{b,**}", "*.jpg"};
    std::mt19937 random(20240229);  // NOLINT(cert-msc51-cpp): the same rules every time
    const auto pick = [&](std::size_t count) { return random() % count; };
    for (int round = 0; round < 80; ++round) {
        std::string rules;
        for (std::size_t rule = pick(4) + 1; rule > 0; --rule) {
            rules += pick(12) == 0 ? "!\n" : "";
            rules += pick(2) == 0 ? "+ " : "- ";
            for (std::size_t piece = pick(4) + 1; piece > 0; --piece) {
                rules += pieces[pick(pieces.size())];
            }
            rules += '\n';
        }
        const auto file = dir_.write("rules", rules);
        FilterOptions options;
        options.filter_from = {file};
        std::vector<std::string> arguments = {"--filter-from", file};
        if (pick(3) == 0) {
            options.include = {"*." + pieces[pick(pieces.size())]};
            arguments.insert(arguments.end(), {"--include", options.include.front()});
        }
        compare(options, arguments);
        if (HasFailure()) {
            FAIL() << "with these rules:\n" << rules;
        }
    }
}

}  // namespace
}  // namespace gds::tree
