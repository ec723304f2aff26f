#include "buffered.h"

namespace gds::http {

Result<Request> BufferedExchange::request() {
    response_ = {};
    return request_;
}

Status BufferedExchange::head(const Response& head) {
    response_ = head;
    return {};
}

Status BufferedExchange::body(std::string_view bytes) {
    response_.body.append(bytes);
    return {};
}

Status BufferedExchange::end() {
    if (auto refused = classified(request_, response_)) {
        return *refused;
    }
    return {};
}

void BufferedExchange::done(Result<Response> result) {
    if (result) {
        done_(std::move(response_));
    } else {
        done_(std::move(result));
    }
}

}  // namespace gds::http
