#pragma once

#include "gds/base/result.h"

#include <openssl/types.h>

#include <memory>
#include <string>

namespace gds::http {

/// Where a system keeps the certificates of its authorities; either may be empty or missing.
struct SystemTrust {
    std::string bundle;     ///< a file of PEM certificates
    std::string directory;  ///< files named by the hash of their subject
};

/// The places that libcurl was built to look at.
SystemTrust system_trust();

/// The certificate authorities that count: the system's, and some of the caller's. One for many
/// connections: what one of them needed is decoded for all.
class Trust {
public:
    /// `extra` is a PEM file, each of whose certificates counts, or empty. Error: invalid_argument,
    /// with that file's name.
    static Result<Trust> load(const std::string& extra, const SystemTrust& system);

    /// What `context` trusts from now on, and nothing else.
    void use_in(SSL_CTX* context) const noexcept;

private:
    struct Free {
        void operator()(X509_STORE* store) const;
    };
    std::unique_ptr<X509_STORE, Free> store_;
};

}  // namespace gds::http
