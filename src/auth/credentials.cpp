#include "gds/auth/credentials.h"

#include "gds/base/fd.h"
#include "sources.h"

#include <fmt/core.h>

#include <utility>

namespace gds::auth {

namespace {

constexpr const char* kClientId = "GDRIVE_SYNC_CLIENT_ID";
constexpr const char* kClientSecret = "GDRIVE_SYNC_CLIENT_SECRET";
constexpr const char* kRefreshToken = "GDRIVE_SYNC_REFRESH_TOKEN";

/// `echo` and most secret stores leave a newline behind a value.
std::string without_newline(std::string text) {
    while (text.ends_with('\n') || text.ends_with('\r')) {
        text.pop_back();
    }
    return text;
}

/// NAME, or the content of the file that NAME_FILE names; "" where neither is set.
Result<std::string> variable_or_file(const CredentialSources& sources, const std::string& name) {
    const std::string direct = variable(sources, name);
    const std::string path = variable(sources, name + "_FILE");
    if (path.empty()) {
        return without_newline(direct);
    }
    if (!direct.empty()) {
        return error(Code::invalid_argument,
                     fmt::format("{0} and {0}_FILE are both set; unset one of them", name));
    }
    auto value = without_newline(GDS_TRY(read_credentials_file(name + "_FILE", path)));
    if (value.empty()) {
        return error(Code::invalid_argument,
                     fmt::format("{}_FILE: {} is empty; write the value into it", name, path));
    }
    return value;
}

struct EnvironmentValues {
    std::string client_id;
    std::string client_secret;
    std::string refresh_token;
};

Result<EnvironmentValues> environment_values(const CredentialSources& sources) {
    EnvironmentValues values;
    values.client_id = GDS_TRY(variable_or_file(sources, kClientId));
    values.client_secret = GDS_TRY(variable_or_file(sources, kClientSecret));
    values.refresh_token = GDS_TRY(variable_or_file(sources, kRefreshToken));
    return values;
}

Error nothing_given() {
    return error(Code::invalid_argument,
                 "no credentials: set GDRIVE_SYNC_CLIENT_ID, GDRIVE_SYNC_CLIENT_SECRET and "
                 "GDRIVE_SYNC_REFRESH_TOKEN (or each with _FILE and a path), or give "
                 "--rclone-config FILE --rclone-remote NAME, or --credentials FILE (Google's JSON "
                 "of an authorized_user or a service_account)");
}

Result<Credentials> environment_credentials(const CredentialSources& sources) {
    auto values = GDS_TRY(environment_values(sources));
    std::string missing;
    int given = 0;
    for (const auto& [name, value] :
         {std::pair{kClientId, &values.client_id}, std::pair{kClientSecret, &values.client_secret},
          std::pair{kRefreshToken, &values.refresh_token}}) {
        if (value->empty()) {
            missing += missing.empty() ? name : fmt::format(" and {}", name);
        } else {
            ++given;
        }
    }
    if (given == 0) {
        return nothing_given();
    }
    if (!missing.empty()) {
        return error(Code::invalid_argument,
                     fmt::format("the credentials in the environment are incomplete: set {} too "
                                 "(or with _FILE and a path)",
                                 missing));
    }
    Credentials credentials;
    credentials.origin = "environment";
    credentials.refresh =
        RefreshCredentials{std::move(values.client_id), Secret(std::move(values.client_secret)),
                           Secret(std::move(values.refresh_token))};
    return credentials;
}

Result<Credentials> file_credentials(const std::string& path) {
    const auto text = GDS_TRY(read_credentials_file("--credentials", path));
    auto file = GDS_TRY(parse_google_json(text, path));
    if (file.client) {
        return error(Code::invalid_argument,
                     fmt::format("{} is an OAuth client, not credentials: it says which program "
                                 "asks, not for whom. Run `gdrive-sync auth login` with it and "
                                 "give the file that writes",
                                 path));
    }
    Credentials credentials;
    credentials.origin = path;
    credentials.refresh = std::move(file.refresh);
    credentials.service_account = std::move(file.service_account);
    return credentials;
}

Status check_one_way(const CredentialSources& sources) {
    if (!sources.credentials.empty() && !sources.rclone_config.empty()) {
        return error(Code::invalid_argument,
                     "--credentials and --rclone-config are both given; give one of them");
    }
    return {};
}

bool from_rclone(const CredentialSources& sources) {
    return sources.credentials.empty() &&
           (!sources.rclone_config.empty() || !sources.rclone_remote.empty());
}

Result<OAuthClient> file_client(const std::string& path) {
    const auto text = GDS_TRY(read_credentials_file("--credentials", path));
    auto file = GDS_TRY(parse_google_json(text, path));
    if (file.client) {
        return std::move(*file.client);
    }
    if (file.refresh) {
        return OAuthClient{std::move(file.refresh->client_id),
                           std::move(file.refresh->client_secret)};
    }
    return error(Code::invalid_argument,
                 fmt::format("{} is the key of a service account, which needs no login; give it to "
                             "`gdrive-sync sync` as it is",
                             path));
}

}  // namespace

std::string variable(const CredentialSources& sources, const std::string& name) {
    return sources.environment ? sources.environment(name).value_or("") : "";
}

Result<Credentials> load_credentials(const CredentialSources& sources) {
    GDS_CHECK(check_one_way(sources));
    if (from_rclone(sources)) {
        return rclone_credentials(sources);
    }
    return sources.credentials.empty() ? environment_credentials(sources)
                                       : file_credentials(sources.credentials);
}

Result<OAuthClient> load_client(const CredentialSources& sources) {
    GDS_CHECK(check_one_way(sources));
    if (from_rclone(sources)) {
        return rclone_client(sources);
    }
    if (!sources.credentials.empty()) {
        return file_client(sources.credentials);
    }
    auto id = GDS_TRY(variable_or_file(sources, kClientId));
    if (id.empty()) {
        return error(Code::invalid_argument,
                     "no OAuth client: make an OAuth client ID of type \"Desktop app\" in the "
                     "Google Cloud console, then give its JSON with --credentials FILE, or set "
                     "GDRIVE_SYNC_CLIENT_ID and GDRIVE_SYNC_CLIENT_SECRET");
    }
    auto secret = GDS_TRY(variable_or_file(sources, kClientSecret));
    if (secret.empty()) {
        // Google would say so only once a person has consented.
        return error(Code::invalid_argument,
                     fmt::format("the OAuth client has no secret: set {} too (or with _FILE and a "
                                 "path); it stands on the client's page in the Google Cloud "
                                 "console",
                                 kClientSecret));
    }
    return OAuthClient{std::move(id), Secret(std::move(secret))};
}

}  // namespace gds::auth
