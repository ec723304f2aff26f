#pragma once

#include "gds/base/result.h"
#include "gds/base/secret.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gds::registry {

/// Who to be at one registry. All empty: nobody.
struct Login {
    std::string username;
    Secret password;
    Secret identity_token;  ///< a refresh token of the token server
    Secret registry_token;  ///< a bearer token that is used as it is
};

/// Where logins come from: the first that is there.
struct LoginSources {
    std::string username;
    std::string password_file;
    std::string auth_file;  ///< docker's config.json; "": where docker looks, if there is one
    std::function<std::optional<std::string>(const std::string&)> environment;
};

/// The login for a registry ("registry.example:5000", "docker.io"); nobody where none is named.
/// Error: invalid_argument for a file or helper that is named and does not work.
Result<Login> load_login(const LoginSources& sources, std::string_view host);

/// The login that the text of a config.json has for a registry: of its credential helper, of the
/// common store, or written down.
Result<Login> login_from_docker_config(std::string_view json, std::string_view host);

}  // namespace gds::registry
