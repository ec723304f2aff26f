#include "gds/registry/credentials.h"

#include "gds/base/base64.h"
#include "gds/base/fd.h"
#include "gds/base/text.h"
#include "helper_process.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

/// What Docker Hub is called in config.json.
constexpr std::string_view kDockerHubKey = "https://index.docker.io/v1/";

Error unusable(std::string what) {
    return error(Code::invalid_argument, std::move(what));
}

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string_view without_scheme(std::string_view key) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (key.starts_with(scheme)) {
            return key.substr(scheme.size());
        }
    }
    return key;
}

/// Keys are hosts, or the URLs of an older form.
bool names(std::string_view key, std::string_view host) {
    if (host == "docker.io" && key == kDockerHubKey) {
        return true;
    }
    const std::string_view rest = without_scheme(key);
    return rest.substr(0, rest.find('/')) == host;
}

/// The member of an object of hosts; an exact key before one that only means the host.
const Json* find_host(const Json& config, const char* name, std::string_view host) {
    const auto object = config.find(name);
    if (object == config.end() || !object->is_object()) {
        return nullptr;
    }
    if (const auto exact = object->find(std::string(host)); exact != object->end()) {
        return &*exact;
    }
    for (const auto& [key, value] : object->items()) {
        if (names(key, host)) {
            return &value;
        }
    }
    return nullptr;
}

Result<Login> written_login(const Json& entry, std::string_view host) {
    Login login;
    login.username = text_of(entry, "username");
    login.password = Secret(text_of(entry, "password"));
    login.identity_token = Secret(text_of(entry, "identitytoken"));
    login.registry_token = Secret(text_of(entry, "registrytoken"));
    const std::string encoded = text_of(entry, "auth");
    if (encoded.empty()) {
        return login;
    }
    const auto decoded = from_base64(trim(encoded));
    const auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) {
        return unusable(
            fmt::format("the entry \"auth\" for {} is no base64 of user:password", host));
    }
    login.username = decoded->substr(0, colon);
    std::string password = decoded->substr(colon + 1);
    password.erase(password.find_last_not_of('\0') + 1);  // some writers pad with zeros
    login.password = Secret(std::move(password));
    return login;
}

bool is_helper_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
}

/// nullopt where the helper knows nothing of this host.
Result<std::optional<Login>> ask_helper(const std::string& name, std::string_view host) {
    if (!is_helper_name(name)) {
        return unusable(fmt::format("\"{}\" is no name of a credential helper", printable(name)));
    }
    const std::string program = "docker-credential-" + name;
    const std::string address(host == "docker.io" ? kDockerHubKey : host);
    const auto answer = run_helper({program, "get"}, address);
    if (!answer) {
        return unusable(fmt::format("the credential helper {} does not work: {}", program,
                                    answer.error().message));
    }
    const Json json = Json::parse(answer->output, nullptr, false);
    if (!answer->ok || !json.is_object()) {
        return std::optional<Login>();
    }
    Login login;
    login.username = text_of(json, "Username");
    Secret secret(text_of(json, "Secret"));
    if (login.username == "<token>") {
        login.username.clear();
        login.identity_token = std::move(secret);
    } else {
        login.password = std::move(secret);
    }
    return std::optional(std::move(login));
}

/// Docker's place for it: DOCKER_CONFIG, else ~/.docker.
std::string default_auth_file(const LoginSources& sources) {
    if (const auto folder = sources.environment("DOCKER_CONFIG"); folder && !folder->empty()) {
        return *folder + "/config.json";
    }
    const auto home = sources.environment("HOME");
    return home && !home->empty() ? *home + "/.docker/config.json" : "";
}

Result<Login> named_login(const LoginSources& sources) {
    Login login;
    login.username = sources.username;
    if (sources.password_file.empty()) {
        login.password = Secret(sources.environment("REGISTRY_PROBE_PASSWORD").value_or(""));
        if (login.password.empty()) {
            return unusable(
                "a --username needs a password: give --password-file, or set "
                "REGISTRY_PROBE_PASSWORD");
        }
        return login;
    }
    const auto text = read_small_file(sources.password_file);
    if (!text) {
        return unusable(text.error().context("--password-file").message);
    }
    std::string password = *text;
    while (password.ends_with('\n') || password.ends_with('\r')) {
        password.pop_back();
    }
    login.password = Secret(std::move(password));
    return login;
}

}  // namespace

Result<Login> login_from_docker_config(std::string_view text, std::string_view host) {
    const Json config = Json::parse(text, nullptr, false);
    if (!config.is_object()) {
        return unusable("not the JSON object that docker's config.json is");
    }
    const Json* named = find_host(config, "credHelpers", host);
    const std::string helper =
        named != nullptr && named->is_string() ? named->get<std::string>() : "";
    for (const std::string& each : {helper, text_of(config, "credsStore")}) {
        if (!each.empty()) {
            if (auto login = GDS_TRY(ask_helper(each, host))) {
                return *std::move(login);
            }
        }
    }
    const Json* entry = find_host(config, "auths", host);
    return entry != nullptr && entry->is_object() ? written_login(*entry, host)
                                                  : Result<Login>(Login());
}

Result<Login> load_login(const LoginSources& sources, std::string_view host) {
    if (!sources.username.empty()) {
        return named_login(sources);
    }
    if (!sources.password_file.empty()) {
        return unusable("a --password-file needs a --username");
    }
    const bool given = !sources.auth_file.empty();
    const std::string path = given ? sources.auth_file : default_auth_file(sources);
    if (path.empty()) {
        return Login();
    }
    const auto text = read_small_file(path);
    if (!text) {
        return given ? Result<Login>(unusable(text.error().context("--auth-file").message))
                     : Result<Login>(Login());
    }
    auto login = login_from_docker_config(*text, host);
    return login ? std::move(login) : login.error().context(path);
}

}  // namespace gds::registry
