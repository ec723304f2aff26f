#include "support.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace gds::config {
namespace {

using Texts = std::vector<std::string>;

// --- Precedence
// -----------------------------------------------------------------------------------

TEST(Precedence, FileBeatsDefault) {
    const auto resolved = Given{{}, {}, "max-delete = 1"}.good();
    EXPECT_EQ(resolved.integer("max-delete"), 1);
    EXPECT_EQ(resolved.value("max-delete").origin, Origin::file);
    EXPECT_TRUE(resolved.given("max-delete"));
}

TEST(Precedence, EnvironmentBeatsDefault) {
    const auto resolved = Given{{}, {{"GDRIVE_SYNC_MAX_DELETE", "2"}}}.good();
    EXPECT_EQ(resolved.integer("max-delete"), 2);
    EXPECT_EQ(resolved.value("max-delete").origin, Origin::environment);
    EXPECT_EQ(resolved.value("max-delete").where, "GDRIVE_SYNC_MAX_DELETE");
}

TEST(Precedence, FlagBeatsDefault) {
    const auto resolved = Given{{{"max-delete", {"3"}}}}.good();
    EXPECT_EQ(resolved.integer("max-delete"), 3);
    EXPECT_EQ(resolved.value("max-delete").origin, Origin::flag);
    EXPECT_EQ(resolved.value("max-delete").where, "--max-delete");
}

TEST(Precedence, EnvironmentBeatsFile) {
    const Variables variables = {{"GDRIVE_SYNC_MAX_DELETE", "2"}};
    EXPECT_EQ((Given{{}, variables, "max-delete = 1"}.good().integer("max-delete")), 2);
}

TEST(Precedence, FlagBeatsFile) {
    EXPECT_EQ((Given{{{"max-delete", {"3"}}}, {}, "max-delete = 1"}.good().integer("max-delete")),
              3);
}

TEST(Precedence, FlagBeatsEnvironment) {
    const Variables variables = {{"GDRIVE_SYNC_MAX_DELETE", "2"}};
    EXPECT_EQ((Given{{{"max-delete", {"3"}}}, variables}.good().integer("max-delete")), 3);
}

TEST(Precedence, AListReplacesTheWeakerOne) {
    const Given given = {{{"include", {"flag"}}},
                         {{"GDRIVE_SYNC_EXCLUDE", "variable"}},
                         "include = ['file']\nexclude = ['file']"};
    const auto resolved = given.good();
    EXPECT_EQ(resolved.list("include"), Texts{"flag"});
    EXPECT_EQ(resolved.list("exclude"), Texts{"variable"});
}

TEST(Precedence, ABadValueIsAnErrorEvenWhereAStrongerOneIsGood) {
    EXPECT_EQ((Given{{{"max-delete", {"3"}}}, {{"GDRIVE_SYNC_MAX_DELETE", "x"}}}.problem()),
              "GDRIVE_SYNC_MAX_DELETE: \"x\" cannot be used; give a whole number, -1 or more");
}

// --- Environment
// ----------------------------------------------------------------------------------

TEST(FromEnvironment, EmptyIsUnset) {
    const auto resolved =
        Given{{}, {{"GDRIVE_SYNC_MAX_DELETE", ""}, {"GDRIVE_SYNC_DEST", ""}}}.good();
    EXPECT_EQ(resolved.integer("max-delete"), 25);
    EXPECT_FALSE(resolved.given("dest"));
}

TEST(FromEnvironment, EmptyLeavesTheFileInForce) {
    EXPECT_EQ((Given{{}, {{"GDRIVE_SYNC_MAX_DELETE", ""}}, "max-delete = 1"}.good().integer(
                  "max-delete")),
              1);
}

TEST(FromEnvironment, ListsSplitAtNewlines) {
    const auto resolved = Given{{}, {{"GDRIVE_SYNC_INCLUDE", "\n*.txt\n  a, b\r\n\n"}}}.good();
    EXPECT_EQ(resolved.list("include"), (Texts{"*.txt", "a, b"}));
}

TEST(FromEnvironment, NamesSplitAtCommasToo) {
    const auto resolved = Given{{}, {{"GDRIVE_SYNC_EXPORT_FORMATS", "odt, pdf\nsvg"}}}.good();
    EXPECT_EQ(resolved.list("export-formats"), (Texts{"odt", "pdf", "svg"}));
}

TEST(FromEnvironment, SwitchesTakeFourWords) {
    for (const std::string text : {"true", "1"}) {
        EXPECT_TRUE((Given{{}, {{"GDRIVE_SYNC_EXIT_CODE", text}}}.good().toggle("exit-code")));
    }
    for (const std::string text : {"false", "0"}) {
        EXPECT_FALSE((Given{{}, {{"GDRIVE_SYNC_EXIT_CODE", text}}}.good().toggle("exit-code")));
    }
    for (const std::string text : {"yes", "on", "TRUE", "2", " 1"}) {
        EXPECT_EQ(
            (Given{{}, {{"GDRIVE_SYNC_EXIT_CODE", text}}}.problem()),
            "GDRIVE_SYNC_EXIT_CODE: \"" + text + "\" cannot be used; give true, false, 1 or 0");
    }
}

TEST(FromEnvironment, AServiceLinkOfKubernetesIsNoPort) {
    const Variables link = {{"GDRIVE_SYNC_PORT", "tcp://10.0.0.1:80"}};
    EXPECT_FALSE((Given{{}, link}.good().given("port")));
    EXPECT_EQ((Given{{}, {{"GDRIVE_SYNC_PORT", "8080"}}}.good().integer("port")), 8080);
}

// --- File
// -----------------------------------------------------------------------------------------

TEST(FromFile, ReadsEveryType) {
    const auto resolved = Given{{}, {}, R"(
        # the mirror
        source = "claude/files"
        dest = "/mirror"
        include = ["*.txt", "a,b"]
        exclude = "one"
        export-formats = "odt,pdf"
        allow-empty-source = true
        shared-with-me = "1"
        max-delete = -1
        retries = "3"
        max-delete-percent = 12.5
        tpslimit = 10
        max-size = "1.5K"
        bwlimit = 100
        timeout = 90
        lock-wait = "1h30m"
        trash-keep = 0
        file-mode = "0640"
        unmanaged = "keep"
        metrics-push = "http://push.example:9091"
    )"}
                              .good();
    EXPECT_EQ(resolved.text("source"), "claude/files");
    EXPECT_EQ(resolved.text("dest"), "/mirror");
    EXPECT_EQ(resolved.list("include"), (Texts{"*.txt", "a,b"}));
    EXPECT_EQ(resolved.list("exclude"), Texts{"one"});
    EXPECT_EQ(resolved.list("export-formats"), (Texts{"odt", "pdf"}));
    EXPECT_TRUE(resolved.toggle("allow-empty-source"));
    EXPECT_TRUE(resolved.toggle("shared-with-me"));
    EXPECT_EQ(resolved.integer("max-delete"), -1);
    EXPECT_EQ(resolved.integer("retries"), 3);
    EXPECT_DOUBLE_EQ(resolved.real("max-delete-percent"), 12.5);
    EXPECT_DOUBLE_EQ(resolved.real("tpslimit"), 10);
    EXPECT_EQ(resolved.size("max-size"), 1536);
    EXPECT_EQ(resolved.size("bwlimit"), 100);
    EXPECT_EQ(resolved.duration("timeout"), Millis(90'000));
    EXPECT_EQ(resolved.duration("lock-wait"), std::chrono::minutes(90));
    EXPECT_EQ(resolved.duration("trash-keep"), Millis(0));
    EXPECT_EQ(resolved.mode("file-mode"), 0640U);
    EXPECT_EQ(resolved.text("unmanaged"), "keep");
    EXPECT_EQ(resolved.text("metrics-push"), "http://push.example:9091");
}

TEST(FromFile, RemembersTheLine) {
    const ConfigFile file("\n\nmax-delete = 1\n");
    const auto resolved = Given{{{"config", {file.path()}}}}.good();
    EXPECT_EQ(resolved.value("max-delete").where, file.path() + ":3");
}

TEST(FromFile, TheVariableNamesItToo) {
    const ConfigFile file("max-delete = 1");
    const ConfigFile stronger("max-delete = 2");
    const Variables variables = {{"GDRIVE_SYNC_CONFIG", file.path()}};
    EXPECT_EQ((Given{{}, variables}.good().integer("max-delete")), 1);
    EXPECT_EQ((Given{{{"config", {stronger.path()}}}, variables}.good().integer("max-delete")), 2);
}

TEST(FromFile, MustBeThere) {
    const auto flag = Given{{{"config", {"/nowhere/x.toml"}}}}.problem();
    EXPECT_TRUE(flag.starts_with("--config: ")) << flag;
    EXPECT_NE(flag.find("/nowhere/x.toml"), std::string::npos) << flag;
    const auto variable = Given{{}, {{"GDRIVE_SYNC_CONFIG", "/nowhere/x.toml"}}}.problem();
    EXPECT_TRUE(variable.starts_with("GDRIVE_SYNC_CONFIG: ")) << variable;
}

TEST(FromFile, UnknownKeysAreErrors) {
    EXPECT_EQ((Given{{}, {}, "dest = '/x'\nmax_delete = 1"}.problem()),
              "FILE:2: there is no option \"max_delete\"; keys are the long names of options, "
              "without dashes in front and outside of any [table]");
    EXPECT_TRUE(
        (Given{{}, {}, "[source]\nid = 1"}.problem()).starts_with("FILE:1: source is a table"));
    EXPECT_EQ((Given{{}, {}, "\nconfig = '/x'"}.problem()),
              "FILE:2: a file cannot name another one with config");
}

TEST(FromFile, SecretsBelongElsewhere) {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"client-id", "GDRIVE_SYNC_CLIENT_ID"},
        {"client-secret", "GDRIVE_SYNC_CLIENT_SECRET"},
        {"refresh-token", "GDRIVE_SYNC_REFRESH_TOKEN"},
        {"client_secret", "GDRIVE_SYNC_CLIENT_SECRET"},
    };
    for (const auto& [key, variable] : table) {
        const Given given = {{}, {}, fmt::format("\n\n{} = 's3cret'", key)};
        EXPECT_EQ(given.problem(),
                  fmt::format("FILE:3: {} does not belong in this file; give it as {}, or name a "
                              "file that holds it with {}_FILE",
                              key, variable, variable));
    }
}

TEST(FromFile, SyntaxErrorsNameTheLine) {
    const auto problem = Given{{}, {}, "dest = '/x'\nsource = = 1\n"}.problem();
    EXPECT_TRUE(problem.starts_with("FILE:2: ")) << problem;
    EXPECT_TRUE((Given{{}, {}, "dest = '/x'\ndest = '/y'"}.problem()).starts_with("FILE:2: "));
}

TEST(FromFile, WrongTypesAreErrors) {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"max-delete = true", "max-delete is a boolean, not a whole number or a string"},
        {"max-delete = 1.5", "max-delete is a fraction, not a whole number or a string"},
        {"max-delete = [1]", "max-delete is an array, not a whole number or a string"},
        {"max-delete-percent = []", "max-delete-percent is an array, not a number or a string"},
        {"dest = 1", "dest is a whole number, not a string"},
        {"dest = ['/x', '/y']", "dest is an array, not a string"},
        {"file-mode = 640", "file-mode is a whole number, not a string"},
        {"exit-code = 1", "exit-code is a whole number, not true or false"},
        {"include = [['x']]", "include is an array, not a string or an array of strings"},
        {"include = [1]", "include is a whole number, not a string or an array of strings"},
        {"timeout = 1.5", "timeout is a fraction, not a whole number or a string"},
        {"trash-keep = 2026-01-01", "trash-keep is a date or time, not a whole number or a string"},
    };
    for (const auto& [line, message] : table) {
        EXPECT_EQ((Given{{}, {}, line}.problem()), "FILE:1: " + message);
    }
}

TEST(FromFile, ValuesAreCheckedLikeFlags) {
    EXPECT_EQ((Given{{}, {}, "\nretries = 101"}.problem()),
              "FILE:2: \"101\" cannot be used; give a whole number from 0 to 100");
}

// --- Values
// ---------------------------------------------------------------------------------------

struct Refused {
    std::string name, text, allowed;
};

TEST(Values, EveryRefusalNamesTheFlagTheValueAndWhatIsAllowed) {
    const std::vector<Refused> table = {
        {"max-delete", "-2", "a whole number, -1 or more"},
        {"max-delete", "1.5", "a whole number, -1 or more"},
        {"max-delete", "", "a whole number, -1 or more"},
        {"max-delete", "off", "a whole number, -1 or more"},
        {"max-delete", "99999999999999999999", "a whole number, -1 or more"},
        {"max-delete-percent", "101", "a number from 0 to 100 or off"},
        {"max-delete-percent", "-1", "a number from 0 to 100 or off"},
        {"max-delete-percent", "nan", "a number from 0 to 100 or off"},
        {"max-delete-percent", "5%", "a number from 0 to 100 or off"},
        {"tpslimit", "0", "a number, 0.01 or more or off"},
        {"transfers", "0", "a whole number from 1 to 256"},
        {"retries", "-1", "a whole number from 0 to 100"},
        {"port", "65536", "a whole number from 0 to 65535"},
        {"max-size", "x", "a size such as 500, 64K, 1.5M or 10G or off"},
        {"max-size", "-1", "a size such as 500, 64K, 1.5M or 10G or off"},
        {"bwlimit", "0", "a size such as 500, 64K, 1.5M or 10G or off"},
        {"timeout", "0", "a duration such as 90s, 10m or 7d, at least 1s"},
        {"timeout", "off", "a duration such as 90s, 10m or 7d, at least 1s"},
        {"max-duration", "1 hour", "a duration such as 90s, 10m or 7d, at least 1s or off"},
        {"trash-keep", "off", "a duration such as 90s, 10m or 7d"},
        {"file-mode", "0888", "an octal mode such as 0640, at most 0777"},
        {"file-mode", "1777", "an octal mode such as 0640, at most 0777"},
        {"file-mode", "rw", "an octal mode such as 0640, at most 0777"},
        {"unmanaged", "ignore", "one of delete keep"},
        {"unmanaged", "delete|keep", "one of delete keep"},
        {"allow-empty-source", "yes", "true, false, 1 or 0"},
        {"dest", "", "a path"},
        {"config", "", "a path"},
        {"export-formats", "", "a text that is not empty"},
        {"source", "a\nb", ""},
    };
    for (const auto& [name, text, allowed] : table) {
        const Given given = {{{name, {text}}}};
        if (allowed.empty()) {
            EXPECT_EQ(given.good().text(name), text);
        } else {
            EXPECT_EQ(given.problem(), fmt::format("--{}: \"{}\" cannot be used; give {}", name,
                                                   printable(text), allowed));
        }
    }
}

TEST(Values, ARefusedAddressIsNotRepeated) {
    for (const std::string text : {"user:s3cret@host", "ftp://u:s3cret@h", "https://", "http:///x",
                                   "https://u:s3cret@h/a b"}) {
        EXPECT_EQ((Given{{{"metrics-push", {text}}}}.problem()),
                  "--metrics-push: this cannot be used; give an address that begins with https:// "
                  "or http://");
    }
}

TEST(Values, OffIsAValueWhereItIsTheDefault) {
    const Variables numbers = {{"GDRIVE_SYNC_MAX_DELETE_PERCENT", "5"},
                               {"GDRIVE_SYNC_TPSLIMIT", "5"},
                               {"GDRIVE_SYNC_MAX_SIZE", "5"},
                               {"GDRIVE_SYNC_MAX_DURATION", "5s"}};
    const Flags off = {{"max-delete-percent", {"off"}},
                       {"tpslimit", {"off"}},
                       {"max-size", {"off"}},
                       {"max-duration", {"off"}}};
    const auto resolved = Given{off, numbers}.good();
    EXPECT_EQ(resolved.real("max-delete-percent"), -1);
    EXPECT_EQ(resolved.real("tpslimit"), -1);
    EXPECT_EQ(resolved.size("max-size"), -1);
    EXPECT_EQ(resolved.duration("max-duration"), Millis(0));
    EXPECT_TRUE(resolved.given("max-size"));
}

TEST(Values, BoundsBelongToTheRange) {
    for (const auto& [name, text] :
         std::vector<std::pair<std::string, std::string>>{{"max-delete", "-1"},
                                                          {"max-delete", "0"},
                                                          {"max-delete-percent", "0"},
                                                          {"max-delete-percent", "100"},
                                                          {"transfers", "1"},
                                                          {"transfers", "256"},
                                                          {"retries", "0"},
                                                          {"port", "65535"},
                                                          {"timeout", "1s"},
                                                          {"file-mode", "0777"},
                                                          {"file-mode", "600"},
                                                          {"max-size", "0"}}) {
        const Given given = {{{name, {text}}}};
        EXPECT_EQ(given.good().text(name), text) << name;
    }
}

TEST(Flags, ListsMayRepeatOthersMayNot) {
    const auto resolved =
        Given{{{"include", {"a", "b"}}, {"export-formats", {"odt", "pdf,svg"}}}}.good();
    EXPECT_EQ(resolved.list("include"), (Texts{"a", "b"}));
    EXPECT_EQ(resolved.list("export-formats"), (Texts{"odt", "pdf", "svg"}));
    EXPECT_EQ((Given{{{"dest", {"/a", "/b"}}}}.problem()), "--dest is given 2 times; give it once");
    EXPECT_EQ((Given{{{"destination", {"/a"}}}}.problem()),
              "--destination: there is no such option");
}

TEST(Flags, AnEmptySourceIsAValue) {
    const auto resolved = Given{{{"source", {""}}}, {{"GDRIVE_SYNC_SOURCE", "x"}}}.good();
    EXPECT_EQ(resolved.text("source"), "");
    EXPECT_TRUE(resolved.given("source"));
}

TEST(ResolvedDeathTest, AWrongNameOrTypeIsABug) {
    const auto resolved = Given{}.good();
    EXPECT_DEATH({ [[maybe_unused]] const auto value = resolved.value("none").where; }, "bug");
    EXPECT_DEATH({ [[maybe_unused]] const auto value = resolved.list("none"); }, "bug");
    EXPECT_DEATH({ [[maybe_unused]] const auto value = resolved.integer("dest"); }, "bug");
    EXPECT_DEATH({ [[maybe_unused]] const auto value = resolved.list("dest"); }, "bug");
}

}  // namespace
}  // namespace gds::config
