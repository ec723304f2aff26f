#pragma once

#include "gds/crypto/digest.h"
#include "gds/registry/client.h"

#include <optional>

namespace gds::registry {

/// One question about one blob. A body that ends before what its head promised is the answer here,
/// not a failure of the network, once it happened twice.
class BlobExchange : public http::Exchange {
public:
    BlobExchange(http::Request request, Digest digest, std::int64_t expected, BlobCheck check,
                 Client::OnBlob done);

    Result<http::Request> request() override;
    Status head(const http::Response& head) override;
    Status body(std::string_view bytes) override;
    Status end() override;
    void done(Result<http::Response> result) override;

private:
    [[nodiscard]] bool came_short() const;
    void judge_digest();

    http::Request request_;
    Digest digest_;
    std::int64_t expected_;
    BlobCheck check_;
    Client::OnBlob done_;
    BlobAnswer answer_;
    std::int64_t promised_ = -1;  ///< bytes of body, by the head
    std::int64_t received_ = 0;
    int short_bodies_ = 0;
    bool enough_ = false;  ///< the rest of the body was refused
    std::optional<crypto::Digest> hash_;
};

}  // namespace gds::registry
