#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gds::registry {

/// One challenge of a WWW-Authenticate field (RFC 9110 section 11.6.1).
struct Challenge {
    std::string scheme;  ///< in lower case: "bearer", "basic"
    std::map<std::string, std::string, std::less<>> parameters;  ///< names in lower case

    /// "" where there is no such parameter.
    [[nodiscard]] std::string parameter(std::string_view name) const;
};

/// All challenges of a field's value; what cannot be understood is left out.
std::vector<Challenge> parse_challenges(std::string_view value);

/// What a token must allow for this request: "registry:catalog:*",
/// "repository:team/app:pull,push", with a second one for where a blob is mounted from.
std::vector<std::string> scopes_of(std::string_view method, std::string_view url);

}  // namespace gds::registry
