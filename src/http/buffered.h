#pragma once

#include "attempt.h"
#include "gds/http/engine.h"

#include <functional>
#include <string>
#include <utility>

namespace gds::http {

/// An exchange that keeps the body (Attempt bounds it) and classifies the answer with it.
class BufferedExchange final : public Exchange {
public:
    using Done = std::function<void(Result<Response>)>;

    BufferedExchange(Request request, Done done)
        : request_(std::move(request)), done_(std::move(done)) {}

    Result<Request> request() override;
    Status head(const Response& head) override;
    Status body(std::string_view bytes) override;
    Status end() override;
    void done(Result<Response> result) override;

private:
    Request request_;
    Done done_;
    Response response_;
};

}  // namespace gds::http
