#include "gds/auth/credentials.h"
#include "support.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace gds::auth {

namespace {

using test::environment;
using test::kClientSecret;
using test::kRefreshToken;
using test::TempDir;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string token_json() {
    return nlohmann::json{{"access_token", test::kAccessToken},
                          {"token_type", "Bearer"},
                          {"refresh_token", kRefreshToken},
                          {"expiry", "2026-01-02T03:04:05.6789+01:00"}}
        .dump();
}

/// A section as rclone writes it, with `more` lines at its end.
std::string section(const std::string& name, const std::string& more = "") {
    return "[" + name + "]\ntype = drive\nclient_id = id.apps.googleusercontent.com\n" +
           "client_secret = " + kClientSecret + "\ntoken = " + token_json() + "\n" + more + "\n";
}

class RcloneConfig : public testing::Test {
protected:
    Result<Credentials> load(const std::string& content, const std::string& remote = "gdrive",
                             std::map<std::string, std::string> variables = {}) {
        path_ = dir_.write("rclone.conf", content);
        return load_credentials({path_, remote, "", environment(std::move(variables))});
    }
    std::string failure(const std::string& content, const std::string& remote = "gdrive",
                        std::map<std::string, std::string> variables = {}) {
        const auto result = load(content, remote, std::move(variables));
        EXPECT_FALSE(result.has_value());
        if (result) {
            return {};
        }
        EXPECT_EQ(result.error().code, Code::invalid_argument);
        test::expect_no_secret(result.error().message);
        return result.error().message;
    }

    TempDir dir_;
    std::string path_;
};

TEST_F(RcloneConfig, GivesClientAndRefreshToken) {
    const auto credentials = load(section("other") + section("gdrive"));
    ASSERT_TRUE(credentials) << credentials.error().message;
    ASSERT_TRUE(credentials->refresh);
    EXPECT_EQ(credentials->refresh->client_id, "id.apps.googleusercontent.com");
    EXPECT_EQ(credentials->refresh->client_secret.reveal(), kClientSecret);
    EXPECT_EQ(credentials->refresh->refresh_token.reveal(), kRefreshToken);
    EXPECT_EQ(credentials->origin, "section [gdrive] of " + path_);
    EXPECT_THAT(credentials->warnings, IsEmpty());
    EXPECT_FALSE(credentials->shared_with_me);
}

TEST_F(RcloneConfig, GivesWhatItSaysOfTheRoot) {
    const auto credentials = load(section(
        "gdrive", "root_folder_id = 0AFolder=\nteam_drive = 0ADrive\nshared_with_me = true"));
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->root_folder_id, "0AFolder=");
    EXPECT_EQ(credentials->team_drive, "0ADrive");
    EXPECT_TRUE(credentials->shared_with_me);
}

TEST_F(RcloneConfig, MayHaveCommentsBlanksCarriageReturnsAndAByteOrderMark) {
    const auto credentials =
        load("\xEF\xBB\xBF# a comment\r\n; another = one\r\n\r\n[gdrive]\r\n" +
             ("type=drive\r\n client_id =id\r\nclient_secret = " + std::string(kClientSecret)) +
             "\r\ntoken = " + token_json() + "\r\n");
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->refresh->client_id, "id");
    EXPECT_EQ(credentials->refresh->client_secret.reveal(), kClientSecret);
}

TEST_F(RcloneConfig, MayQuoteValues) {
    const auto credentials = load(
        "[gdrive]\ntype = drive\nclient_id = `id`\nclient_secret = \"\"\"s`\"x\"\"\"\ntoken = " +
        token_json() + "\n");
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->refresh->client_id, "id");
    EXPECT_EQ(credentials->refresh->client_secret.reveal(), "s`\"x");
}

TEST_F(RcloneConfig, NeedsNoRemoteWhereOneSectionIsOfTypeDrive) {
    EXPECT_TRUE(load("[s3]\ntype = s3\n" + section("mine"), ""));
    EXPECT_THAT(failure(section("a") + section("b"), ""),
                AllOf(HasSubstr("--rclone-remote"), HasSubstr("[a], [b]")));
}

TEST_F(RcloneConfig, TakesARemoteWithItsColon) {
    EXPECT_TRUE(load(section("gdrive"), "gdrive:"));
}

TEST_F(RcloneConfig, WithoutTheSectionListsThoseItHas) {
    EXPECT_THAT(failure(section("one") + section("two")),
                AllOf(HasSubstr("no section [gdrive]"), HasSubstr("[one], [two]")));
    EXPECT_THAT(failure(""), HasSubstr("no sections"));
}

TEST_F(RcloneConfig, OfAnotherTypeIsRefused) {
    EXPECT_THAT(failure("[gdrive]\ntype = dropbox\n"), HasSubstr("\"dropbox\", not drive"));
}

TEST_F(RcloneConfig, ThatIsEncryptedIsRefusedWithTheRemedy) {
    for (const char* text : {"# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA=\n",
                             "RCLONE_ENCRYPT_V0:\nAAAA=\n"}) {
        EXPECT_THAT(failure(text), AllOf(HasSubstr("encrypted"), HasSubstr("rclone config")));
    }
}

TEST_F(RcloneConfig, WithABlankClientIsRefusedAsRclonesOwnIsBeingRetired) {
    const std::string content = "[gdrive]\ntype = drive\nclient_id =\ntoken = " + token_json();
    EXPECT_THAT(failure(content), AllOf(HasSubstr("being retired"), HasSubstr("auth login")));
}

TEST_F(RcloneConfig, WithoutSecretOrTokenSaysSo) {
    EXPECT_THAT(failure("[gdrive]\ntype = drive\nclient_id = id\ntoken = " + token_json()),
                HasSubstr("client_secret is blank"));
    EXPECT_THAT(failure("[gdrive]\ntype = drive\nclient_id = id\n"),
                HasSubstr("neither a token nor a service account"));
}

TEST_F(RcloneConfig, WithABadTokenNeverQuotesIt) {
    const std::string start =
        std::string("[gdrive]\ntype = drive\nclient_id = id\nclient_secret = ") + kClientSecret +
        "\ntoken = ";
    EXPECT_THAT(failure(start + "{\"refresh_token\":\"" + kRefreshToken), HasSubstr("not JSON"));
    EXPECT_THAT(failure(start + "{\"access_token\":\"" + test::kAccessToken + "\"}"),
                HasSubstr("no refresh_token"));
}

TEST_F(RcloneConfig, WithALineThatCannotBeReadNamesItsNumberOnly) {
    EXPECT_THAT(failure(section("gdrive") + kRefreshToken + "\n"), HasSubstr("line 7"));
    EXPECT_THAT(failure("type = drive\n"), HasSubstr("before the first section"));
    EXPECT_THAT(failure("[gdrive\n"), HasSubstr("closing bracket"));
}

TEST_F(RcloneConfig, WarnsOfAScopeThatCanWrite) {
    const auto wide = load(section("gdrive", "scope = drive"));
    ASSERT_TRUE(wide) << wide.error().message;
    EXPECT_THAT(wide->warnings, ElementsAre(HasSubstr("wider than drive.readonly")));
    const auto narrow = load(section("gdrive", "scope = drive.readonly,drive.metadata.readonly"));
    ASSERT_TRUE(narrow) << narrow.error().message;
    EXPECT_THAT(narrow->warnings, IsEmpty());
}

TEST_F(RcloneConfig, GivesAServiceAccountFromItsFile) {
    const auto key = dir_.write("sa.json", test::service_account_json());
    const auto credentials = load("[gdrive]\ntype = drive\nservice_account_file = " + key +
                                  "\nimpersonate = user@example.org\n");
    ASSERT_TRUE(credentials) << credentials.error().message;
    ASSERT_TRUE(credentials->service_account);
    EXPECT_FALSE(credentials->refresh);
    EXPECT_EQ(credentials->service_account->subject, "user@example.org");
}

TEST_F(RcloneConfig, ExpandsHomeInTheServiceAccountFile) {
    const auto key = dir_.write("sa.json", test::service_account_json());
    const auto home = key.substr(0, key.rfind('/'));
    EXPECT_TRUE(load("[gdrive]\ntype = drive\nservice_account_file = ~/sa.json\n", "gdrive",
                     {{"HOME", home}}));
}

TEST_F(RcloneConfig, GivesAnInlineServiceAccountBeforeItsToken) {
    const auto credentials =
        load(section("gdrive", "service_account_credentials = " + test::service_account_json()));
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_TRUE(credentials->service_account);
    EXPECT_FALSE(credentials->refresh);
}

TEST_F(RcloneConfig, WithAWrongServiceAccountFileSaysWhich) {
    EXPECT_THAT(failure("[gdrive]\ntype = drive\nservice_account_file = /nowhere/sa.json\n"),
                AllOf(HasSubstr("service_account_file"), HasSubstr("/nowhere/sa.json")));
    const auto user = dir_.write("user.json", R"({"type":"authorized_user","client_id":"id",)"
                                              R"("client_secret":"s","refresh_token":"r"})");
    EXPECT_THAT(failure("[gdrive]\ntype = drive\nservice_account_file = " + user + "\n"),
                HasSubstr("not the key of a service account"));
}

TEST_F(RcloneConfig, IsOverriddenByRclonesVariables) {
    const auto credentials = load(section("my-drive", "team_drive = old"), "my-drive",
                                  {{"RCLONE_CONFIG_MY-DRIVE_CLIENT_ID", "overridden"},
                                   {"RCLONE_CONFIG_MY-DRIVE_TEAM_DRIVE", "new"}});
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->refresh->client_id, "overridden");
    EXPECT_EQ(credentials->team_drive, "new");
}

TEST_F(RcloneConfig, MayBeVariablesAlone) {
    const auto credentials =
        load_credentials({"", "gdrive", "",
                          environment({{"RCLONE_CONFIG_GDRIVE_TYPE", "drive"},
                                       {"RCLONE_CONFIG_GDRIVE_CLIENT_ID", "id"},
                                       {"RCLONE_CONFIG_GDRIVE_CLIENT_SECRET", kClientSecret},
                                       {"RCLONE_CONFIG_GDRIVE_TOKEN", token_json()}})});
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->refresh->client_id, "id");
    const auto none = load_credentials({"", "gdrive", "", environment({})});
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("needs --rclone-config"));
}

TEST_F(RcloneConfig, GivesItsClientForALogin) {
    path_ =
        dir_.write("rclone.conf", "[gdrive]\ntype = drive\nclient_id = id\nclient_secret = s\n");
    const auto client = load_client({path_, "gdrive", "", environment({})});
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(client->id, "id");
}

}  // namespace

}  // namespace gds::auth
