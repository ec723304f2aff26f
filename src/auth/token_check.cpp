#include "gds/auth/token_source.h"
#include "scope.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::auth {

namespace {

/// Scopes that neither read nor write files; a login may add them by itself.
bool is_identity(std::string_view scope) {
    return scope == "openid" || scope == "email" || scope == "profile" ||
           scope.starts_with("https://www.googleapis.com/auth/userinfo.");
}

std::string expiry_warning(std::int64_t seconds) {
    static constexpr std::int64_t kDay = 86'400;
    const std::string when =
        seconds < kDay ? "within a day" : "in " + plural(seconds / kDay, "day");
    static constexpr std::int64_t kTestingLife = 7 * kDay;
    if (seconds <= kTestingLife) {
        return fmt::format(
            "the refresh token ends {}: the OAuth consent screen is probably in publishing status "
            "Testing, which ends refresh tokens after 7 days. Publish the app to production in the "
            "Google Cloud console, then authorise again with `gdrive-sync auth login`",
            when);
    }
    return fmt::format(
        "the refresh token ends {}, because access was granted for a time only: "
        "authorise again with `gdrive-sync auth login` before that",
        when);
}

}  // namespace

bool can_read_drive(const AccessToken& token) {
    if (token.scope.empty()) {
        return true;  // the endpoint may leave it out where it granted what was asked for
    }
    const auto scopes = split(token.scope, ' ');
    return std::ranges::any_of(scopes, [](const std::string& scope) {
        return scope == kReadonlyScope || scope == "https://www.googleapis.com/auth/drive";
    });
}

Error insufficient_scope(const AccessToken& token) {
    Error failure =
        error(Code::unauthenticated,
              fmt::format("the token may not read Drive: its scope is \"{}\", and {} is not among "
                          "it. Authorise again with `gdrive-sync auth login` and leave the box for "
                          "Google Drive ticked",
                          printable(token.scope), kReadonlyScope));
    failure.reason = "insufficient_scope";
    return failure;
}

TokenCheck check_token(const AccessToken& token) {
    TokenCheck check{token.scope, token.expires_in_s, token.refresh_token_expires_in_s, {}};
    std::string writing;
    for (const std::string& scope : split(token.scope, ' ')) {
        if (!scope.empty() && !scope.ends_with(".readonly") && !is_identity(scope)) {
            writing += (writing.empty() ? "" : " ") + scope;
        }
    }
    if (!writing.empty()) {
        check.warnings.push_back(
            fmt::format("the token can do more than read Drive (scope {}); nothing is ever "
                        "written, but a token "
                        "that cannot is safer: authorise again with `gdrive-sync auth login`",
                        printable(writing)));
    }
    if (token.refresh_token_expires_in_s) {
        check.warnings.push_back(expiry_warning(*token.refresh_token_expires_in_s));
    }
    return check;
}

}  // namespace gds::auth
