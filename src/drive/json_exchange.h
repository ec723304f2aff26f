#pragma once

#include "gds/http/engine.h"

#include <fmt/core.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace gds::drive {

/// One API call whose answer is parsed before it counts as accepted, so that a broken page is tried
/// again like any other failure.
template <class T>
class JsonExchange final : public http::Exchange {
public:
    using Parse = Result<T> (*)(const std::string&);

    /// `wanted` is asked before each attempt; null: always.
    JsonExchange(http::Request request, Parse parse, std::function<void(Result<T>)> done,
                 std::function<bool()> wanted = nullptr)
        : request_(std::move(request)),
          parse_(parse),
          done_(std::move(done)),
          wanted_(std::move(wanted)) {}

    Result<http::Request> request() override {
        if (wanted_ && !wanted_()) {
            return error(Code::cancelled, request_.label + ": nobody waits for it any more");
        }
        body_.clear();
        value_.reset();
        return request_;
    }
    Status head(const http::Response& head) override {
        // What only Drive can know is not taken from whoever a redirect led to.
        const std::string asked = GDS_TRY(http::origin_of(request_.url));
        const std::string answered = GDS_TRY(http::origin_of(head.url));
        return asked == answered
                   ? Status()
                   : error(Code::bad_response,
                           fmt::format("redirected to {}, which is not Drive", answered));
    }
    Status body(std::string_view bytes) override {
        if (static_cast<std::int64_t>(body_.size() + bytes.size()) > request_.max_body) {
            return error(Code::bad_response,
                         fmt::format("an answer longer than {} bytes", request_.max_body));
        }
        body_ += bytes;
        return {};
    }
    Status end() override {
        value_ = GDS_TRY(parse_(body_));
        body_ = {};
        return {};
    }
    void done(Result<http::Response> result) override {
        // The callback may ask for more and must not find this call's memory in its way.
        const auto callback = std::exchange(done_, nullptr);
        if (!result) {
            callback(std::move(result).error());
        } else if (!value_) {
            callback(error(Code::internal, request_.label + ": an answer without an end"));
        } else {
            callback(*std::exchange(value_, std::nullopt));
        }
    }

private:
    http::Request request_;
    Parse parse_;
    std::function<void(Result<T>)> done_;
    std::function<bool()> wanted_;
    std::string body_;
    std::optional<T> value_;
};

}  // namespace gds::drive
