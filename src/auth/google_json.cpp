#include "gds/base/fd.h"
#include "gds/crypto/digest.h"
#include "json.h"
#include "sources.h"

#include <fmt/core.h>

#include <initializer_list>
#include <utility>

namespace gds::auth {

namespace {

using nlohmann::json;

/// Error naming the members that are absent, empty or no strings; `object` is not quoted.
Status require(const json& object, std::initializer_list<const char*> names,
               const std::string& where) {
    std::string missing;
    for (const char* name : names) {
        if (text_member(object, name).empty()) {
            missing += missing.empty() ? name : fmt::format(", {}", name);
        }
    }
    if (missing.empty()) {
        return {};
    }
    return error(Code::invalid_argument,
                 fmt::format("{}: {} is missing; download the JSON again from the Google Cloud "
                             "console, or write it with `gdrive-sync auth login`",
                             where, missing));
}

Result<RefreshCredentials> authorized_user(const json& object, const std::string& where) {
    GDS_CHECK(require(object, {"client_id", "client_secret", "refresh_token"}, where));
    return RefreshCredentials{text_member(object, "client_id"),
                              Secret(text_member(object, "client_secret")),
                              Secret(text_member(object, "refresh_token"))};
}

Result<ServiceAccount> service_account(const json& object, const std::string& where) {
    GDS_CHECK(require(object, {"client_email", "private_key"}, where));
    ServiceAccount account;
    account.client_email = text_member(object, "client_email");
    account.private_key_id = text_member(object, "private_key_id");
    account.private_key = Secret(text_member(object, "private_key"));
    // A key that cannot sign is a mistake in the file: say so now, not at the first token.
    if (const auto signature = crypto::sign_rs256("", account.private_key.reveal()); !signature) {
        return error(Code::invalid_argument,
                     fmt::format("{}: private_key cannot be used: {}; make a new key for {} and "
                                 "keep its \\n line breaks",
                                 where, signature.error().message, account.client_email));
    }
    return account;
}

}  // namespace

Result<GoogleFile> parse_google_json(std::string_view text, const std::string& where) {
    const auto object = parse_object(text);
    if (!object) {
        return error(Code::invalid_argument,
                     fmt::format("{} is not a JSON object; give the file as Google or `gdrive-sync "
                                 "auth login` wrote it",
                                 where));
    }
    GoogleFile file;
    for (const char* kind : {"installed", "web"}) {
        if (const auto client = object->find(kind);
            client != object->end() && client->is_object()) {
            GDS_CHECK(require(*client, {"client_id", "client_secret"}, where));
            file.client = OAuthClient{text_member(*client, "client_id"),
                                      Secret(text_member(*client, "client_secret"))};
            return file;
        }
    }
    const std::string type = text_member(*object, "type");
    if (type == "authorized_user") {
        file.refresh = GDS_TRY(authorized_user(*object, where));
        return file;
    }
    if (type == "service_account") {
        file.service_account = GDS_TRY(service_account(*object, where));
        return file;
    }
    return error(Code::invalid_argument,
                 fmt::format("{}: its \"type\" is neither authorized_user nor service_account; "
                             "those two are supported",
                             where));
}

Result<std::string> read_credentials_file(std::string_view what, const std::string& path) {
    auto text = read_small_file(path);
    if (!text) {
        return error(
            Code::invalid_argument,
            fmt::format("{}: cannot read {}; give an existing file that this user may read", what,
                        text.error().message));
    }
    return text;
}

}  // namespace gds::auth
