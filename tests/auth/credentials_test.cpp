#include "gds/auth/credentials.h"

#include "support.h"

#include <gmock/gmock.h>

namespace gds::auth {

namespace {

using test::environment;
using test::kClientSecret;
using test::kRefreshToken;
using test::TempDir;
using testing::AllOf;
using testing::HasSubstr;

/// The message of an expected failure, which must be a usage error without a secret in it.
std::string message_of(const Result<Credentials>& result) {
    EXPECT_FALSE(result.has_value());
    if (result) {
        return {};
    }
    EXPECT_EQ(result.error().code, Code::invalid_argument);
    test::expect_no_secret(result.error().message);
    return result.error().message;
}

Result<Credentials> load_environment(std::map<std::string, std::string> variables) {
    return load_credentials({"", "", "", environment(std::move(variables))});
}

Result<Credentials> load_file(const std::string& path) {
    return load_credentials({"", "", path, environment({})});
}

TEST(EnvironmentCredentials, AreReadFromVariables) {
    const auto credentials = load_environment({{"GDRIVE_SYNC_CLIENT_ID", "id"},
                                               {"GDRIVE_SYNC_CLIENT_SECRET", kClientSecret},
                                               {"GDRIVE_SYNC_REFRESH_TOKEN", kRefreshToken}});
    ASSERT_TRUE(credentials) << credentials.error().message;
    ASSERT_TRUE(credentials->refresh);
    EXPECT_FALSE(credentials->service_account);
    EXPECT_EQ(credentials->refresh->client_id, "id");
    EXPECT_EQ(credentials->refresh->client_secret.reveal(), kClientSecret);
    EXPECT_EQ(credentials->refresh->refresh_token.reveal(), kRefreshToken);
    EXPECT_EQ(credentials->origin, "environment");
}

TEST(EnvironmentCredentials, AreReadFromFilesWithoutTheirTrailingNewline) {
    const TempDir dir;
    const auto credentials =
        load_environment({{"GDRIVE_SYNC_CLIENT_ID_FILE", dir.write("id", "id\n")},
                          {"GDRIVE_SYNC_CLIENT_SECRET_FILE",
                           dir.write("secret", std::string(kClientSecret) + "\r\n")},
                          {"GDRIVE_SYNC_REFRESH_TOKEN_FILE", dir.write("token", kRefreshToken)}});
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->refresh->client_id, "id");
    EXPECT_EQ(credentials->refresh->client_secret.reveal(), kClientSecret);
    EXPECT_EQ(credentials->refresh->refresh_token.reveal(), kRefreshToken);
}

TEST(EnvironmentCredentials, RefuseAVariableBesideItsFile) {
    const TempDir dir;
    const auto message = message_of(
        load_environment({{"GDRIVE_SYNC_CLIENT_ID", "id"},
                          {"GDRIVE_SYNC_CLIENT_SECRET", kClientSecret},
                          {"GDRIVE_SYNC_REFRESH_TOKEN", kRefreshToken},
                          {"GDRIVE_SYNC_REFRESH_TOKEN_FILE", dir.write("t", kRefreshToken)}}));
    EXPECT_THAT(message, AllOf(HasSubstr("GDRIVE_SYNC_REFRESH_TOKEN and "
                                         "GDRIVE_SYNC_REFRESH_TOKEN_FILE"),
                               HasSubstr("unset one")));
}

TEST(EnvironmentCredentials, NameEachMissingVariable) {
    EXPECT_THAT(message_of(load_environment({{"GDRIVE_SYNC_CLIENT_ID", "id"},
                                             {"GDRIVE_SYNC_CLIENT_SECRET", kClientSecret}})),
                HasSubstr("set GDRIVE_SYNC_REFRESH_TOKEN too"));
    EXPECT_THAT(message_of(load_environment({{"GDRIVE_SYNC_REFRESH_TOKEN", kRefreshToken}})),
                HasSubstr("GDRIVE_SYNC_CLIENT_ID and GDRIVE_SYNC_CLIENT_SECRET"));
}

TEST(EnvironmentCredentials, NameAFileThatIsMissingOrEmpty) {
    const TempDir dir;
    EXPECT_THAT(message_of(load_environment({{"GDRIVE_SYNC_CLIENT_ID_FILE", dir.path("none")}})),
                AllOf(HasSubstr("GDRIVE_SYNC_CLIENT_ID_FILE"), HasSubstr(dir.path("none"))));
    EXPECT_THAT(
        message_of(load_environment({{"GDRIVE_SYNC_CLIENT_ID_FILE", dir.write("empty", "\n")}})),
        HasSubstr("is empty"));
}

TEST(Credentials, AskedForWithoutAnyListTheThreeWays) {
    EXPECT_THAT(message_of(load_environment({})),
                AllOf(HasSubstr("GDRIVE_SYNC_CLIENT_ID"), HasSubstr("--rclone-config"),
                      HasSubstr("--credentials")));
    EXPECT_THAT(message_of(load_credentials({"", "", "", nullptr})), HasSubstr("no credentials"));
}

TEST(Credentials, OfAFileWinOverTheEnvironment) {
    const TempDir dir;
    const std::string path =
        dir.write("user.json", R"({"type":"authorized_user","client_id":"from-file",)"
                               R"("client_secret":"s","refresh_token":"r"})");
    const auto credentials = load_credentials(
        {"", "", path, environment({{"GDRIVE_SYNC_CLIENT_ID", "from-environment"}})});
    ASSERT_TRUE(credentials) << credentials.error().message;
    EXPECT_EQ(credentials->refresh->client_id, "from-file");
    EXPECT_EQ(credentials->origin, path);
}

TEST(Credentials, OfTwoFilesAtOnceAreRefused) {
    EXPECT_THAT(message_of(load_credentials({"rclone.conf", "g", "user.json", environment({})})),
                HasSubstr("both given"));
}

TEST(GoogleFile, OfAServiceAccountIsRead) {
    const TempDir dir;
    const auto credentials = load_file(dir.write("sa.json", test::service_account_json()));
    ASSERT_TRUE(credentials) << credentials.error().message;
    ASSERT_TRUE(credentials->service_account);
    EXPECT_FALSE(credentials->refresh);
    EXPECT_EQ(credentials->service_account->client_email, "mirror@project.iam.gserviceaccount.com");
    EXPECT_EQ(credentials->service_account->private_key_id, "key-1");
    EXPECT_EQ(credentials->service_account->private_key.reveal(), test::rsa_key().private_pem);
    EXPECT_EQ(credentials->service_account->subject, "");
}

TEST(GoogleFile, WithAKeyThatCannotSignIsRefusedWithoutShowingIt) {
    const TempDir dir;
    const std::string key =
        "-----BEGIN PRIVATE KEY-----\\nbm90IGEga2V5\\n-----END PRIVATE KEY-----";
    const auto message = message_of(
        load_file(dir.write("sa.json", R"({"type":"service_account","client_email":"m@p",)"
                                       R"("private_key":")" +
                                           key + "\"}")));
    EXPECT_THAT(message, AllOf(HasSubstr("private_key"), HasSubstr("m@p")));
    EXPECT_EQ(message.find("bm90IGEga2V5"), std::string::npos);
}

TEST(GoogleFile, OfAClientSaysWhatToDoWithIt) {
    const TempDir dir;
    for (const char* kind : {"installed", "web"}) {
        const auto path = dir.write("client.json", std::string("{\"") + kind +
                                                       R"(":{"client_id":"id","client_secret":")" +
                                                       kClientSecret + "\"}}");
        EXPECT_THAT(message_of(load_file(path)),
                    AllOf(HasSubstr("OAuth client"), HasSubstr("gdrive-sync auth login")));
    }
}

TEST(GoogleFile, WithMembersMissingNamesThem) {
    const TempDir dir;
    const auto path = dir.write("user.json", std::string(R"({"type":"authorized_user",)") +
                                                 R"("client_secret":")" + kClientSecret + "\"}");
    EXPECT_THAT(message_of(load_file(path)), HasSubstr("client_id, refresh_token is missing"));
}

TEST(GoogleFile, OfAnotherTypeIsRefused) {
    const TempDir dir;
    EXPECT_THAT(message_of(load_file(dir.write("x.json", R"({"type":"external_account"})"))),
                HasSubstr("neither authorized_user nor service_account"));
    EXPECT_THAT(message_of(load_file(dir.write("y.json", R"({"type":7,"installed":[]})"))),
                HasSubstr("neither authorized_user nor service_account"));
}

TEST(GoogleFile, ThatIsNoJsonIsNeverQuoted) {
    const TempDir dir;
    const auto path = dir.write("bad.json", std::string("{\"refresh_token\": \"") + kRefreshToken);
    EXPECT_THAT(message_of(load_file(path)),
                AllOf(HasSubstr(path), HasSubstr("not a JSON object")));
}

TEST(GoogleFile, ThatCannotBeReadIsNamed) {
    const TempDir dir;
    EXPECT_THAT(message_of(load_file(dir.path("none.json"))),
                AllOf(HasSubstr("--credentials"), HasSubstr("none.json")));
}

TEST(Client, IsReadFromItsOwnFile) {
    const TempDir dir;
    const auto path =
        dir.write("client.json", R"({"installed":{"client_id":"id","client_secret":"s3"}})");
    const auto client = load_client({"", "", path, environment({})});
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(client->id, "id");
    EXPECT_EQ(client->secret.reveal(), "s3");
}

TEST(Client, IsReadFromTheEnvironmentWithoutAToken) {
    const auto client = load_client(
        {"", "", "",
         environment({{"GDRIVE_SYNC_CLIENT_ID", "id"}, {"GDRIVE_SYNC_CLIENT_SECRET", "s"}})});
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(client->id, "id");
    EXPECT_EQ(client->secret.reveal(), "s");
    const auto half = load_client({"", "", "", environment({{"GDRIVE_SYNC_CLIENT_ID", "id"}})});
    ASSERT_FALSE(half);
    EXPECT_THAT(half.error().message, HasSubstr("GDRIVE_SYNC_CLIENT_SECRET"));
    const auto none = load_client({"", "", "", environment({})});
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("Desktop app"));
}

TEST(Client, IsTakenFromAnEarlierLogin) {
    const TempDir dir;
    const auto path = dir.write("user.json", R"({"type":"authorized_user","client_id":"id",)"
                                             R"("client_secret":"s","refresh_token":"r"})");
    const auto client = load_client({"", "", path, environment({})});
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(client->id, "id");
}

TEST(Client, CannotBeAServiceAccount) {
    const TempDir dir;
    const auto client =
        load_client({"", "", dir.write("sa.json", test::service_account_json()), environment({})});
    ASSERT_FALSE(client);
    EXPECT_THAT(client.error().message, HasSubstr("needs no login"));
}

}  // namespace

}  // namespace gds::auth
