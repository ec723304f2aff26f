#include "gds/registry/credentials.h"

#include "gds/base/base64.h"
#include "support.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

namespace gds::registry {
namespace {

const std::string kHost = "registry.example:5000";

std::string auth(const std::string& user, const std::string& password) {
    return fmt::format(R"({{"auth":"{}"}})", base64(user + ":" + password));
}

Login login_of(const std::string& config, const std::string& host = kHost) {
    const auto login = login_from_docker_config(config, host);
    EXPECT_TRUE(login.has_value()) << login.error().message;
    return login ? *login : Login();
}

std::function<std::optional<std::string>(const std::string&)> environment(
    std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

TEST(DockerConfig, NamesRegistriesByHostOrByUrl) {
    for (const std::string& key :
         {kHost, "https://" + kHost, "http://" + kHost + "/v1/", "https://" + kHost + "/v2/"}) {
        const Login login = login_of(fmt::format(R"({{"auths":{{"other.example":{},"{}":{}}}}})",
                                                 auth("x", "y"), key, auth("me", "a:b")));
        EXPECT_EQ("me", login.username) << key;
        EXPECT_EQ("a:b", login.password.reveal());
    }
}

TEST(DockerConfig, PrefersTheExactName) {
    const Login login = login_of(fmt::format(R"({{"auths":{{"https://{0}/v1/":{1},"{0}":{2}}}}})",
                                             kHost, auth("old", "o"), auth("new", "n")));
    EXPECT_EQ("new", login.username);
}

TEST(DockerConfig, CallsDockerHubByItsOldAddress) {
    const std::string config =
        fmt::format(R"({{"auths":{{"https://index.docker.io/v1/":{}}}}})", auth("me", "p"));
    EXPECT_EQ("me", login_of(config, "docker.io").username);
    EXPECT_EQ("", login_of(config).username);
}

TEST(DockerConfig, KnowsEveryFormOfALogin) {
    const auto with = [](const std::string& entry) {
        return login_of(fmt::format(R"({{"auths":{{"{}":{}}}}})", kHost, entry));
    };
    EXPECT_EQ("p", with(R"({"username":"me","password":"p"})").password.reveal());
    EXPECT_EQ("refresh", with(R"({"identitytoken":"refresh"})").identity_token.reveal());
    EXPECT_EQ("bearer", with(R"({"registrytoken":"bearer"})").registry_token.reveal());
    EXPECT_EQ("p", with(fmt::format(R"({{"auth":"{}"}})", base64(std::string("me:p\0\0", 6))))
                       .password.reveal());
    EXPECT_EQ("", with("{}").username);
    EXPECT_EQ("", with("null").username);
}

TEST(DockerConfig, WithoutThisRegistryIsNobody) {
    for (const char* config : {"{}", R"({"auths":{}})", R"({"auths":[]})", R"({"auths":null})",
                               R"({"auths":{"registry.example":{"auth":"bWU6cA=="}}})"}) {
        const Login login = login_of(config);
        EXPECT_TRUE(login.username.empty() && login.identity_token.empty()) << config;
    }
}

TEST(DockerConfig, ThatMakesNoSenseIsAnErrorWithoutItsSecrets) {
    for (const std::string& config :
         {std::string("["), std::string("[]"), std::string(""),
          fmt::format(R"({{"auths":{{"{}":{{"auth":"c2VjcmV0"}}}}}})", kHost),  // no colon
          fmt::format(R"({{"auths":{{"{}":{{"auth":"%secret%"}}}}}})", kHost)}) {
        const auto login = login_from_docker_config(config, kHost);
        ASSERT_FALSE(login.has_value()) << config;
        EXPECT_EQ(Code::invalid_argument, login.error().code);
        EXPECT_EQ(std::string::npos, login.error().message.find("secret"));
    }
}

/// A program that lies in PATH as docker-credential-NAME.
class Helper : public testing::Test {
protected:
    void SetUp() override {
        const char* path = std::getenv("PATH");
        before_ = path == nullptr ? "" : path;
        ::setenv("PATH", (dir_.path() + ":" + before_).c_str(), 1);
    }
    void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }

    void make(const std::string& name, const std::string& script) {
        dir_.write("docker-credential-" + name, "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(dir_.path("docker-credential-" + name),
                                     std::filesystem::perms::owner_all);
    }

    test::TempDir dir_;
    std::string before_;
};

constexpr const char* kAnswer = R"(cat >/dev/null; echo '{"Username":"%","Secret":"s"}')";

std::string answer_of(const std::string& user) {
    std::string script = kAnswer;
    return script.replace(script.find('%'), 1, user);
}

TEST_F(Helper, OfThisRegistryComesBeforeTheStoreAndTheFile) {
    make("one", answer_of("of-helper"));
    make("store", answer_of("of-store"));
    const std::string file = fmt::format(R"("auths":{{"{}":{}}})", kHost, auth("of-file", "p"));
    const auto helpers = [](const std::string& host) {
        return fmt::format(R"("credHelpers":{{"{}":"one"}})", host);
    };
    const std::string store = R"("credsStore":"store")";
    EXPECT_EQ("of-helper",
              login_of("{" + helpers(kHost) + "," + store + "," + file + "}").username);
    EXPECT_EQ("of-store",
              login_of("{" + helpers("other.example") + "," + store + "," + file + "}").username);
    EXPECT_EQ("of-file", login_of("{" + helpers("other.example") + "," + file + "}").username);
}

TEST_F(Helper, IsAskedForTheHostOnItsInput) {
    make("echo", R"(read -r host; printf '{"Username":"%s %s","Secret":"s"}' "$1" "$host")");
    const std::string config = R"({"credsStore":"echo"})";
    EXPECT_EQ("get " + kHost, login_of(config).username);
    EXPECT_EQ("get https://index.docker.io/v1/", login_of(config, "docker.io").username);
}

TEST_F(Helper, MayGiveATokenInPlaceOfAPassword) {
    make("token", answer_of("<token>"));
    const Login login = login_of(R"({"credsStore":"token"})");
    EXPECT_EQ("", login.username);
    EXPECT_EQ("s", login.identity_token.reveal());
}

TEST_F(Helper, ThatKnowsNothingLeavesItToTheNext) {
    make("empty", "cat >/dev/null; echo credentials not found in native keychain; exit 1");
    EXPECT_EQ("me", login_of(fmt::format(R"({{"credsStore":"empty","auths":{{"{}":{}}}}})", kHost,
                                         auth("me", "p")))
                        .username);
}

TEST_F(Helper, ThatIsNotThereOrNoNameIsAnError) {
    for (const char* name : {"nowhere", "../evil", "a b", "a/b", ";true"}) {
        const auto login =
            login_from_docker_config(fmt::format(R"({{"credsStore":"{}"}})", name), kHost);
        ASSERT_FALSE(login.has_value()) << name;
        EXPECT_EQ(Code::invalid_argument, login.error().code);
    }
}

TEST_F(Helper, ThatTalksWithoutEndIsAnError) {
    make("endless", "cat >/dev/null; exec yes");
    EXPECT_FALSE(login_from_docker_config(R"({"credsStore":"endless"})", kHost).has_value());
}

TEST(LoadLogin, TakesTheNamedUserFirst) {
    const test::TempDir dir;
    dir.write("password", "p w\r\n");
    dir.write("config.json", fmt::format(R"({{"auths":{{"{}":{}}}}})", kHost, auth("file", "p")));
    const auto load = [&](LoginSources sources) { return load_login(sources, kHost); };
    const auto env = environment({{"DOCKER_CONFIG", dir.path()}});
    EXPECT_EQ("p w", load({"me", dir.path("password"), "", env})->password.reveal());
    EXPECT_EQ("file", load({"", "", "", env})->username);
    EXPECT_EQ("file", load({"", "", dir.path("config.json"), environment({})})->username);
    EXPECT_EQ(
        "e",
        load({"me", "", "", environment({{"REGISTRY_PROBE_PASSWORD", "e"}})})->password.reveal());
    EXPECT_EQ("", load({"", "", "", environment({})})->username);
    EXPECT_EQ("", load({"", "", "", environment({{"HOME", dir.path("nowhere")}})})->username);
    for (const LoginSources& wrong :
         {LoginSources{"me", "", "", environment({})}, LoginSources{"", "x", "", environment({})},
          LoginSources{"me", dir.path("nowhere"), "", environment({})},
          LoginSources{"", "", dir.path("nowhere"), environment({})}}) {
        ASSERT_FALSE(load(wrong).has_value());
        EXPECT_EQ(Code::invalid_argument, load(wrong).error().code);
    }
}

}  // namespace
}  // namespace gds::registry
