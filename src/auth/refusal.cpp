#include "refusal.h"

#include "gds/base/text.h"
#include "json.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace gds::auth {

namespace {

struct Advice {
    std::string_view error;
    std::string_view text;
};

constexpr std::array kAdvice = {
    Advice{"invalid_client",
           "Google does not know this client id, or the client secret does not belong to it. Copy "
           "both anew from the client's page in the Google Cloud console"},
    Advice{"deleted_client",
           "the OAuth client was deleted (Google also deletes clients that were idle for six "
           "months). Restore it in the Google Cloud console within 30 days, or make a new one and "
           "authorise again with `gdrive-sync auth login`"},
    Advice{"unauthorized_client",
           "this token was not issued to this client. Give client id, client secret and refresh "
           "token of one and the same login, or authorise again with `gdrive-sync auth login`"},
    Advice{"admin_policy_enforced",
           "an administrator of the Workspace domain blocks this app or its scope. Ask them to "
           "trust the client id for drive.readonly (Admin console, API controls)"},
    Advice{"invalid_rapt",
           "the Workspace domain asks users to sign in again at intervals, which a refresh token "
           "cannot do. Use a service account, or have the administrator exempt this app, then "
           "authorise again with `gdrive-sync auth login`"},
    Advice{"org_internal",
           "the OAuth client is for members of its own organisation only. Authorise with an "
           "account of that organisation, or set the consent screen's user type to External"},
    Advice{"invalid_scope",
           "the scope drive.readonly may not be asked for here. Enable the Google Drive API in the "
           "client's project and list the scope on its consent screen"},
    Advice{"access_denied",
           "access was denied. Authorise again with `gdrive-sync auth login` and allow it, with an "
           "account that the consent screen admits (a test user, while its status is Testing)"},
    Advice{"redirect_uri_mismatch",
           "the OAuth client does not admit a redirect to this machine. Make a client of type "
           "\"Desktop app\", or register the redirect URI and fix its port with --port"},
};

constexpr std::string_view kDeadRefreshToken =
    "the refresh token has ended. Most often the OAuth consent screen is still in publishing "
    "status "
    "Testing, where refresh tokens end after 7 days: publish the app to production in the Google "
    "Cloud console, then authorise again with `gdrive-sync auth login`. Else it was revoked, went "
    "unused for six months, or belongs to another client";

constexpr std::string_view kRefusedAssertion =
    "the service account's assertion was refused. Check that the account and its key still exist "
    "and are enabled, that an impersonated user exists, and that this machine's clock is right";

constexpr std::string_view kUndelegated =
    "the service account may not act for this user. Have the administrator grant its client id the "
    "scope drive.readonly by domain-wide delegation, or leave out the impersonation and share the "
    "folder with the account";

constexpr std::string_view kSpentCode =
    "the browser's authorisation code was refused; a code works once and for some minutes. Run "
    "`gdrive-sync auth login` again";

std::string_view advice_for(const Refusal& refusal, Grant grant) {
    // A subtype is the more exact of the two.
    for (const std::string& name : {refusal.subtype, refusal.error}) {
        if (name == "unauthorized_client" && grant == Grant::service_account) {
            return kUndelegated;
        }
        const auto found = std::ranges::find(kAdvice, std::string_view(name), &Advice::error);
        if (found != kAdvice.end()) {
            return found->text;
        }
    }
    if (refusal.error == "invalid_grant") {
        switch (grant) {
            case Grant::refresh_token: return kDeadRefreshToken;
            case Grant::service_account: return kRefusedAssertion;
            case Grant::authorization_code: return kSpentCode;
        }
    }
    return "the token endpoint takes this request from nobody. Check that --token-endpoint and the "
           "credentials belong together, and try `gdrive-sync auth check`";
}

Code code_for(const std::string& name) {
    if (name == "rate_limit_exceeded" || name == "slow_down" || name == "RESOURCE_EXHAUSTED") {
        return Code::rate_limited;
    }
    if (name == "temporarily_unavailable" || name == "server_error" || name == "internal_failure") {
        return Code::unavailable;
    }
    return Code::unauthenticated;
}

/// What the other side wrote, fit for one line of a log.
std::string shown(std::string_view text) {
    static constexpr std::size_t kLongest = 300;
    return printable(text.substr(0, kLongest));
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

Refusal parse_refusal(const http::Response& response) {
    const auto object = parse_object(response.body);
    if (!object) {
        return {};
    }
    const auto inner = object->find("error");
    if (inner != object->end() && inner->is_object()) {
        // The form of Google's other APIs, which its front end sometimes answers with.
        return {text_member(*inner, "status"), text_member(*inner, "message"), ""};
    }
    return {text_member(*object, "error"), text_member(*object, "error_description"),
            text_member(*object, "error_subtype")};
}

Error refusal_error(const Refusal& refusal, Grant grant, std::string_view whose, int status) {
    std::string said = shown(refusal.error);
    if (!refusal.subtype.empty()) {
        said += ", " + shown(refusal.subtype);
    }
    if (!refusal.description.empty()) {
        said += ": " + shown(refusal.description);
    }
    Error result =
        error(code_for(refusal.error), fmt::format("the credentials ({}) were refused ({}): {}",
                                                   whose, said, advice_for(refusal, grant)));
    if (result.code != Code::unauthenticated) {
        result.message = fmt::format("the token endpoint cannot answer now ({})", said);
    }
    result.reason = shown(refusal.error);
    result.http_status = status;
    return result;
}

bool blames_clock(const Refusal& refusal) {
    if (refusal.error != "invalid_grant") {
        return false;
    }
    const std::string text = lower(refusal.description);
    const auto says = [&text](std::string_view word) {
        return text.find(word) != std::string::npos;
    };
    return (says("invalid jwt") && !says("signature")) || says("clock") || says("iat");
}

}  // namespace gds::auth
