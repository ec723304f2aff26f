#include "jwt.h"

#include "gds/crypto/digest.h"
#include "json.h"

namespace gds::auth {

Result<Secret> make_assertion(const ServiceAccount& account, const std::string& audience,
                              std::int64_t issued_at) {
    static constexpr std::int64_t kLifetime = 3600;  // the longest that Google takes
    nlohmann::json header = {{"alg", "RS256"}, {"typ", "JWT"}};
    if (!account.private_key_id.empty()) {
        header["kid"] = account.private_key_id;
    }
    nlohmann::json claims = {{"iss", account.client_email},
                             {"scope", std::string(kReadonlyScope)},
                             {"aud", audience},
                             {"iat", issued_at},
                             {"exp", issued_at + kLifetime}};
    if (!account.subject.empty()) {
        claims["sub"] = account.subject;
    }
    const std::string signed_part =
        crypto::base64url(dump(header)) + "." + crypto::base64url(dump(claims));
    const auto signature = crypto::sign_rs256(signed_part, account.private_key.reveal());
    if (!signature) {
        return signature.error().context("the key of service account " + account.client_email);
    }
    return Secret(signed_part + "." + crypto::base64url(*signature));
}

}  // namespace gds::auth
