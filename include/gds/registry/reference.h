#pragma once

#include "gds/base/result.h"
#include "gds/registry/digest.h"

#include <string>
#include <string_view>

namespace gds::registry {

/// Where a registry is.
struct Endpoint {
    std::string host;  ///< "registry.example:5000", as image references name it
    bool plain_http = false;

    /// "https://registry.example:5000"; Docker Hub's API has a host of its own.
    [[nodiscard]] std::string base_url() const;
};

/// An image by Docker's grammar, normalised: a name without a host is Docker Hub's.
struct Reference {
    std::string registry;    ///< "docker.io" where none was named
    std::string repository;  ///< "library/nginx" for "nginx"
    std::string tag;         ///< "latest" where neither tag nor digest was named
    Digest digest;           ///< wins over the tag

    /// "host/repository:tag@digest", as far as there is one.
    [[nodiscard]] std::string text() const;
};

/// Error: invalid_argument, with what is wrong.
Result<Reference> parse_reference(std::string_view text);

/// "host[:port]", or the same as an http:// or https:// URL without a path; http:// means
/// plain_http. Error: invalid_argument.
Result<Endpoint> parse_endpoint(std::string_view text, bool plain_http);

/// Whether a repository can have this name (without the host).
bool is_repository_name(std::string_view name);
/// Whether a tag can: at most 128 of letters, digits, "_", "." and "-".
bool is_tag_name(std::string_view name);

}  // namespace gds::registry
