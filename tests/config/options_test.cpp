#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace gds::config {
namespace {

TEST(OptionTable, NamesAndVariablesAreUnique) {
    std::set<std::string> names, variables;
    for (const auto& option : option_table()) {
        EXPECT_TRUE(names.emplace(option.name).second) << option.name;
        EXPECT_TRUE(variables.insert(variable_name(option)).second) << option.name;
        EXPECT_TRUE(std::all_of(option.name.begin(), option.name.end(), [](char c) {
            return std::islower(static_cast<unsigned char>(c)) != 0 || c == '-';
        })) << option.name;
    }
}

TEST(OptionTable, EveryOptionIsDescribed) {
    for (const auto& option : option_table()) {
        EXPECT_TRUE(option.help.ends_with('.')) << option.name;
        EXPECT_FALSE(option.group.empty()) << option.name;
        EXPECT_EQ(option.value_name.empty(), option.type == Type::toggle) << option.name;
        EXPECT_EQ(option.choices.empty(), option.type != Type::choice) << option.name;
    }
}

TEST(OptionTable, CommandsExist) {
    const std::set<std::string> commands = {"sync",    "resync",     "diff",      "status",
                                            "approve", "auth login", "auth check"};
    for (const auto& option : option_table()) {
        if (!option.commands.empty()) {
            for (const auto& command : split(option.commands, '|')) {
                EXPECT_TRUE(commands.contains(command)) << option.name << " of " << command;
                EXPECT_TRUE(takes(option, command));
            }
        }
    }
}

TEST(OptionTable, GroupsStandTogether) {
    std::set<std::string> closed;
    std::string current;
    for (const auto& option : option_table()) {
        if (option.group != current) {
            EXPECT_TRUE(closed.insert(current).second) << current;
            current = option.group;
        }
    }
    EXPECT_FALSE(closed.contains(current)) << current;
}

TEST(OptionTable, HoldsTheContractsOptionsWithItsDefaults) {
    const std::map<std::string, std::string> contract = {
        {"source", ""},
        {"source-id", ""},
        {"drive-id", ""},
        {"shared-with-me", "false"},
        {"full", "false"},
        {"full-interval", "24h"},
        {"scan-interval", "0"},
        {"resync-id", ""},
        {"dest", ""},
        {"state-dir", ""},
        {"lock-wait", "0"},
        {"retries", "8"},
        {"retry-max-wait", "2m"},
        {"file-mode", "0666"},
        {"dir-mode", "0777"},
        {"trash-max-size", "off"},
        {"max-delete", "25"},
        {"max-delete-percent", "off"},
        {"allow-empty-source", "false"},
        {"unmanaged", "delete"},
        {"transfers", ""},
        {"timeout", "60s"},
        {"max-duration", "off"},
        {"bwlimit", "off"},
        {"tpslimit", "off"},
        {"quota", ""},
        {"include", ""},
        {"exclude", ""},
        {"filter-from", ""},
        {"max-size", "off"},
        {"export-formats", "docx,xlsx,pptx,svg"},
        {"trash-keep", "7d"},
        {"report", ""},
        {"metrics-file", ""},
        {"metrics-push", ""},
        {"instance", ""},
        {"log-format", "text"},
        {"log-level", "info"},
        {"progress", "auto"},
        {"drive-endpoint", "https://www.googleapis.com"},
        {"token-endpoint", "https://oauth2.googleapis.com/token"},
        {"ca-cert", ""},
        {"config", ""},
        {"rclone-config", ""},
        {"rclone-remote", ""},
        {"credentials", ""},
        {"format", "text"},
        {"exit-code", "false"},
        {"port", "0"},
        {"client-id", ""},
        {"output", ""},
        {"force", "false"},
        {"auth-endpoint", "https://accounts.google.com/o/oauth2/v2/auth"},
    };
    std::map<std::string, std::string> table;
    for (const auto& option : option_table()) {
        table.emplace(option.name, option.preset);
    }
    EXPECT_EQ(table, contract);
}

TEST(OptionTable, DefaultsAreValuesOfTheirType) {
    const auto resolved = Given{}.good();
    EXPECT_EQ(resolved.text("source"), "");
    EXPECT_EQ(resolved.integer("max-delete"), 25);
    EXPECT_EQ(resolved.integer("transfers"), 0);
    EXPECT_EQ(resolved.real("max-delete-percent"), -1);
    EXPECT_EQ(resolved.real("tpslimit"), -1);
    EXPECT_EQ(resolved.size("bwlimit"), -1);
    EXPECT_EQ(resolved.duration("max-duration"), Millis(0));
    EXPECT_EQ(resolved.duration("lock-wait"), Millis(0));
    EXPECT_EQ(resolved.duration("trash-keep"), std::chrono::hours(7 * 24));
    EXPECT_EQ(resolved.mode("file-mode"), 0666U);
    EXPECT_EQ(resolved.list("export-formats"),
              (std::vector<std::string>{"docx", "xlsx", "pptx", "svg"}));
    EXPECT_TRUE(resolved.list("include").empty());
    EXPECT_FALSE(resolved.toggle("allow-empty-source"));
    for (const auto& option : option_table()) {
        EXPECT_FALSE(resolved.given(option.name)) << option.name;
        EXPECT_EQ(resolved.value(option.name).where, "default");
    }
}

TEST(Takes, KnowsTheCommandsOfAnOption) {
    EXPECT_TRUE(takes(*find_option("log-level"), "anything"));
    EXPECT_TRUE(takes(*find_option("port"), "auth login"));
    EXPECT_FALSE(takes(*find_option("port"), "auth check"));
    EXPECT_FALSE(takes(*find_option("metrics-file"), "diff"));
    EXPECT_TRUE(takes(*find_option("dest"), "status"));
}

TEST(UnknownVariables, AreSlipsOfTheKeyboard) {
    const std::vector<std::string> names = {"PATH",
                                            "GDRIVE_SYNC_MAX_DELETE",
                                            "GDRIVE_SYNC_MAX_DELETES",
                                            "GDRIVE_SYNC_CLIENT_ID",
                                            "GDRIVE_SYNC_CLIENT_SECRET",
                                            "GDRIVE_SYNC_CLIENT_SECRET_FILE",
                                            "GDRIVE_SYNC_REFRESH_TOKEN_FILE",
                                            "GDRIVE_SYNC_REFRESH_TOKEN_FILES",
                                            "GDRIVE_SYNC_SERVICE_HOST",
                                            "GDRIVE_SYNC_SERVICE_PORT_HTTP",
                                            "GDRIVE_SYNC_PORT_80_TCP_ADDR",
                                            "GDRIVE_SYNC_PORT",
                                            "GDRIVE_SYNC_",
                                            "GDRIVE_SYNCX"};
    EXPECT_EQ(unknown_variables(names),
              (std::vector<std::string>{"GDRIVE_SYNC_MAX_DELETES",
                                        "GDRIVE_SYNC_REFRESH_TOKEN_FILES", "GDRIVE_SYNC_"}));
}

}  // namespace
}  // namespace gds::config
