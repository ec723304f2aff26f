#pragma once

#include "gds/base/result.h"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace gds::http {

/// Certificate authorities that count beside the system's.
class ExtraTrust {
public:
    /// Every certificate of a PEM file; none for an empty path. Error: invalid_argument, with the
    /// file's name.
    static Result<ExtraTrust> load(const std::string& path);

    [[nodiscard]] bool empty() const { return certificates_.empty(); }
    /// Add them to what `context` trusts already. False where OpenSSL refuses one.
    bool add_to(SSL_CTX* context) const noexcept;

private:
    struct Free {
        void operator()(X509* certificate) const;
    };
    std::vector<std::unique_ptr<X509, Free>> certificates_;
};

}  // namespace gds::http
