#include "gds/base/text.h"
#include "json.h"
#include "rclone_file.h"
#include "sources.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

namespace gds::auth {

namespace {

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return result;
}

/// One remote as rclone sees it: the section's values, each overridden by its variable.
class Remote {
public:
    Remote(const CredentialSources& sources, RcloneSection section)
        : sources_(sources), section_(std::move(section)) {}

    [[nodiscard]] std::string get(std::string_view key) const {
        std::string value = variable(sources_, variable_name(section_.name, key));
        if (!value.empty()) {
            return value;
        }
        const auto found = section_.values.find(key);
        return found == section_.values.end() ? "" : found->second;
    }

    /// "[gdrive] of /etc/rclone.conf", for messages.
    [[nodiscard]] std::string where() const {
        return sources_.rclone_config.empty()
                   ? fmt::format("RCLONE_CONFIG_{}_* of the environment", upper(section_.name))
                   : fmt::format("section [{}] of {}", section_.name, sources_.rclone_config);
    }

    [[nodiscard]] Error wrong(std::string_view what) const {
        return error(Code::invalid_argument, fmt::format("{}: {}", where(), what));
    }

    static std::string variable_name(std::string_view remote, std::string_view key) {
        return fmt::format("RCLONE_CONFIG_{}_{}", upper(remote), upper(key));
    }

private:
    const CredentialSources& sources_;
    RcloneSection section_;
};

std::string names_of(const std::vector<RcloneSection>& sections) {
    std::string names;
    for (const RcloneSection& section : sections) {
        names += fmt::format("{}[{}]", names.empty() ? "" : ", ", section.name);
    }
    return names.empty() ? "no sections" : "only " + names;
}

/// The file's only section of type drive, for an operator who named none.
Result<RcloneSection> only_drive_section(const std::vector<RcloneSection>& sections,
                                         const std::string& path) {
    const auto is_drive = [](const RcloneSection& section) {
        const auto type = section.values.find("type");
        return type != section.values.end() && type->second == "drive";
    };
    if (std::ranges::count_if(sections, is_drive) == 1) {
        return *std::ranges::find_if(sections, is_drive);
    }
    return error(Code::invalid_argument,
                 fmt::format("{} does not hold exactly one section of type drive ({}); name one "
                             "with --rclone-remote",
                             path, names_of(sections)));
}

Result<RcloneSection> find_section(const CredentialSources& sources) {
    std::vector<RcloneSection> sections;
    if (!sources.rclone_config.empty()) {
        const auto text = GDS_TRY(read_credentials_file("--rclone-config", sources.rclone_config));
        sections = GDS_TRY(parse_rclone_file(text, sources.rclone_config));
    }
    std::string_view name = sources.rclone_remote;
    if (name.ends_with(':')) {  // as rclone's own command line writes a remote
        name.remove_suffix(1);
    }
    if (name.empty()) {
        return only_drive_section(sections, sources.rclone_config);
    }
    const auto found = std::ranges::find(sections, name, &RcloneSection::name);
    if (found != sections.end()) {
        return *found;
    }
    if (!variable(sources, Remote::variable_name(name, "type")).empty()) {
        return RcloneSection{std::string(name), {}};
    }
    if (sources.rclone_config.empty()) {
        return error(Code::invalid_argument,
                     fmt::format("--rclone-remote {} needs --rclone-config FILE", name));
    }
    return error(Code::invalid_argument,
                 fmt::format("{} has no section [{}], {}; name one of them with --rclone-remote",
                             sources.rclone_config, name, names_of(sections)));
}

Result<Remote> find_remote(const CredentialSources& sources) {
    Remote remote(sources, GDS_TRY(find_section(sources)));
    const std::string type = remote.get("type");
    if (type != "drive") {
        return remote.wrong(
            fmt::format("its type is \"{}\", not drive; name the section of a "
                        "Google Drive remote with --rclone-remote",
                        printable(type)));
    }
    return remote;
}

/// A leading ~/ as rclone expands it.
std::string expand_home(const CredentialSources& sources, const std::string& path) {
    return path.starts_with("~/") ? variable(sources, "HOME") + path.substr(1) : path;
}

Result<ServiceAccount> service_account(const CredentialSources& sources, const Remote& remote) {
    std::string text = remote.get("service_account_credentials");
    std::string where = remote.where() + ", service_account_credentials";
    if (text.empty()) {
        const std::string path = expand_home(sources, remote.get("service_account_file"));
        where = path;
        text = GDS_TRY(read_credentials_file(remote.where() + ", service_account_file", path));
    }
    auto file = GDS_TRY(parse_google_json(text, where));
    if (!file.service_account) {
        return error(Code::invalid_argument,
                     fmt::format("{} is not the key of a service account; download one of type "
                                 "JSON in the Google Cloud console",
                                 where));
    }
    file.service_account->subject = remote.get("impersonate");
    return std::move(*file.service_account);
}

Result<OAuthClient> client_of(const Remote& remote) {
    OAuthClient client{remote.get("client_id"), Secret(remote.get("client_secret"))};
    if (client.id.empty()) {
        return remote.wrong(
            "client_id is blank, so its token belongs to rclone's shared client, which is being "
            "retired. Make an OAuth client ID of your own (type \"Desktop app\") in the Google "
            "Cloud console and authorise again with `gdrive-sync auth login`");
    }
    if (client.secret.empty()) {
        return remote.wrong(
            "client_secret is blank; copy it from the client's page in the Google "
            "Cloud console");
    }
    return client;
}

Result<RefreshCredentials> refresh_credentials(const Remote& remote) {
    const std::string token = remote.get("token");
    if (token.empty()) {
        return remote.wrong(
            "it has neither a token nor a service account; authorise with "
            "`gdrive-sync auth login`, or set service_account_file");
    }
    auto client = GDS_TRY(client_of(remote));
    const auto object = parse_object(token);
    if (!object) {
        return remote.wrong(
            "its token is not JSON; it must be one line as rclone writes it, or "
            "authorise again with `gdrive-sync auth login`");
    }
    Secret refresh_token(text_member(*object, "refresh_token"));
    if (refresh_token.empty()) {
        return remote.wrong(
            "its token holds no refresh_token, so it ends within the hour; "
            "authorise again with `gdrive-sync auth login`");
    }
    return RefreshCredentials{std::move(client.id), std::move(client.secret),
                              std::move(refresh_token)};
}

/// What Go's ParseBool takes for true.
bool is_true(std::string_view text) {
    static constexpr std::string_view kTrue[] = {"1", "t", "T", "true", "TRUE", "True"};
    return std::ranges::find(kTrue, text) != std::end(kTrue);
}

/// rclone's `scope` is a list of short names; these two cannot write.
bool can_write(std::string_view scopes) {
    for (const std::string& scope : split(scopes, ',')) {
        const std::string_view name = trim(scope);
        if (!name.empty() && name != "drive.readonly" && name != "drive.metadata.readonly") {
            return true;
        }
    }
    return false;
}

std::vector<std::string> warnings_of(const Remote& remote, const Credentials& credentials) {
    std::vector<std::string> warnings;
    const std::string scope = remote.get("scope");
    if (credentials.refresh && can_write(scope)) {
        warnings.push_back(fmt::format(
            "{}: its scope \"{}\" is wider than drive.readonly; nothing is ever written to Drive, "
            "but a token that cannot write is safer: authorise again with `gdrive-sync auth login`",
            remote.where(), printable(scope)));
    }
    if (credentials.refresh && !remote.get("impersonate").empty()) {
        warnings.push_back(fmt::format(
            "{}: impersonate works with a service account only and is ignored", remote.where()));
    }
    return warnings;
}

}  // namespace

Result<Credentials> rclone_credentials(const CredentialSources& sources) {
    const Remote remote = GDS_TRY(find_remote(sources));
    Credentials credentials;
    credentials.origin = remote.where();
    if (!remote.get("service_account_credentials").empty() ||
        !remote.get("service_account_file").empty()) {
        credentials.service_account = GDS_TRY(service_account(sources, remote));
    } else {
        credentials.refresh = GDS_TRY(refresh_credentials(remote));
    }
    credentials.root_folder_id = remote.get("root_folder_id");
    credentials.team_drive = remote.get("team_drive");
    credentials.shared_with_me = is_true(remote.get("shared_with_me"));
    credentials.warnings = warnings_of(remote, credentials);
    return credentials;
}

Result<OAuthClient> rclone_client(const CredentialSources& sources) {
    return client_of(GDS_TRY(find_remote(sources)));
}

}  // namespace gds::auth
