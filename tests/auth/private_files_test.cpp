#include "gds/auth/credentials.h"
#include "gds/auth/login.h"
#include "support.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace gds::auth {

namespace {

using test::kClientSecret;
using test::kRefreshToken;
using test::TempDir;
using testing::HasSubstr;

RefreshCredentials credentials() {
    return {"client-id", Secret(kClientSecret), Secret(kRefreshToken)};
}

unsigned mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 07777U;
}

std::ptrdiff_t files_in(const std::string& directory) {
    return std::ranges::distance(std::filesystem::directory_iterator(directory),
                                 std::filesystem::directory_iterator());
}

TEST(PrivateFile, HoldsWhatLoadCredentialsReads) {
    const TempDir dir;
    const std::string path = dir.path("credentials.json");
    ASSERT_TRUE(check_private_file(path, false));
    ASSERT_TRUE(write_private_file(path, authorized_user_json(credentials()), false));
    EXPECT_EQ(mode_of(path), 0600U);
    const auto loaded = load_credentials({"", "", path, nullptr});
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->refresh->client_id, "client-id");
    EXPECT_EQ(loaded->refresh->client_secret.reveal(), kClientSecret);
    EXPECT_EQ(loaded->refresh->refresh_token.reveal(), kRefreshToken);
}

TEST(PrivateFile, IsNotOverwrittenUnlessAsked) {
    const TempDir dir;
    const std::string path = dir.write("credentials.json", "old");
    for (const Status& refused :
         {check_private_file(path, false), write_private_file(path, Secret("new"), false)}) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::conflict);
        EXPECT_THAT(refused.error().message, HasSubstr(path));
    }
    EXPECT_EQ(test::read_file(path), "old");
    ASSERT_TRUE(check_private_file(path, true));
    ASSERT_TRUE(write_private_file(path, Secret("new"), true));
    EXPECT_EQ(test::read_file(path), "new");
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_EQ(files_in(dir.path("")), 1) << "nothing is left beside it";
}

TEST(PrivateFile, DoesNotFollowALinkThatIsInTheWay) {
    const TempDir dir;
    const std::string target = dir.write("target", "old");
    std::filesystem::create_symlink(target, dir.path("link"));
    EXPECT_FALSE(write_private_file(dir.path("link"), Secret("new"), false));
    EXPECT_TRUE(write_private_file(dir.path("link"), Secret("new"), true));
    EXPECT_EQ(test::read_file(target), "old");
    EXPECT_FALSE(std::filesystem::is_symlink(dir.path("link")));
}

TEST(PrivateFile, NeedsAFolder) {
    const TempDir dir;
    const auto missing = check_private_file(dir.path("none/credentials.json"), false);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::not_found);
    const auto folder = check_private_file(dir.path(""), true);
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code, Code::conflict);
    EXPECT_FALSE(write_private_file(dir.path("none/credentials.json"), Secret("x"), false));
}

TEST(KubernetesSecret, HoldsTheThreeValues) {
    const auto manifest = kubernetes_secret(credentials(), "gdrive-sync", "mirror");
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_EQ(manifest->reveal(), std::string("apiVersion: v1\n"
                                              "kind: Secret\n"
                                              "metadata:\n"
                                              "  name: \"gdrive-sync\"\n"
                                              "  namespace: \"mirror\"\n"
                                              "type: Opaque\n"
                                              "stringData:\n"
                                              "  client-id: \"client-id\"\n"
                                              "  client-secret: \"") +
                                      kClientSecret + "\"\n  refresh-token: \"" + kRefreshToken +
                                      "\"\n");
}

TEST(KubernetesSecret, QuotesValuesAndRefusesBadNames) {
    const auto manifest = kubernetes_secret({"a\"b: c", Secret("s"), Secret("r")}, "name", "");
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_THAT(manifest->reveal(), HasSubstr("client-id: \"a\\\"b: c\"\n"));
    EXPECT_EQ(manifest->reveal().find("namespace"), std::string::npos);
    for (const char* name : {"", "Upper", "-x", "x.", "a b", "a\nb"}) {
        EXPECT_FALSE(kubernetes_secret(credentials(), name, "")) << name;
    }
    EXPECT_FALSE(kubernetes_secret(credentials(), "name", "no/slash"));
}

}  // namespace

}  // namespace gds::auth
