#include "blob_exchange.h"

#include "gds/base/text.h"

#include <algorithm>
#include <charconv>

namespace gds::registry {

namespace {

constexpr int kShortBodies = 2;
constexpr std::int64_t kSlowestBytesPerSecond = 10'000;

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    return problem == std::errc() && stop == end && value >= 0 ? std::optional(value)
                                                               : std::nullopt;
}

std::optional<std::int64_t> content_length(const http::Response& head) {
    return number(trim(head.headers.get("Content-Length").value_or("")));
}

/// The total of "bytes 999-999/1000" or of "bytes */0".
std::optional<std::int64_t> total_size(const http::Response& head) {
    const std::string_view range = head.headers.get("Content-Range").value_or("");
    const auto slash = range.rfind('/');
    return slash == std::string_view::npos ? std::nullopt : number(trim(range.substr(slash + 1)));
}

/// 416 is the answer for an empty blob: it has no last byte.
std::optional<Error> classify_range(const http::Response& response) {
    return response.status == 416 ? std::nullopt : classify_answer(response);
}

}  // namespace

BlobExchange::BlobExchange(http::Request request, Digest digest, std::int64_t expected,
                           BlobCheck check, Client::OnBlob done)
    : request_(std::move(request)),
      digest_(std::move(digest)),
      expected_(expected),
      check_(check),
      done_(std::move(done)) {
    if (check_ == BlobCheck::data) {
        request_.classify = classify_range;
    }
    if (check_ == BlobCheck::full) {
        request_.time_limit +=
            std::chrono::seconds(std::max<std::int64_t>(expected_, 0) / kSlowestBytesPerSecond);
    }
}

Result<http::Request> BlobExchange::request() {
    if (came_short() && ++short_bodies_ == kShortBodies) {
        answer_.short_body = true;
        return error(Code::mismatch, "the body ended early");
    }
    answer_ = {};
    promised_ = -1;
    received_ = 0;
    if (const auto algorithm = algorithm_of(digest_); check_ == BlobCheck::full && algorithm) {
        hash_.emplace(*algorithm);
    }
    return request_;
}

Status BlobExchange::head(const http::Response& head) {
    answer_.status = head.status;
    promised_ = content_length(head).value_or(-1);
    answer_.size =
        head.status == 206 || head.status == 416 ? total_size(head).value_or(-1) : promised_;
    return {};
}

Status BlobExchange::body(std::string_view bytes) {
    received_ += static_cast<std::int64_t>(bytes.size());
    if (answer_.status == 416) {
        return {};  // words about it
    }
    if (check_ == BlobCheck::data) {
        // A byte is there. A server that ignores the range would go on to send all of it, which is
        // wanted only where it does not say how much that is.
        const std::int64_t wanted = answer_.status == 206             ? 1
                                    : promised_ < 0 && expected_ >= 0 ? expected_
                                                                      : 0;
        enough_ = received_ > wanted;
        if (answer_.status != 206 && promised_ < 0 && expected_ >= 0) {
            answer_.size = received_;
        }
    } else if (hash_) {
        hash_->update(bytes);
        enough_ = expected_ >= 0 && received_ > expected_;
    }
    return enough_ ? Status(error(Code::cancelled, "enough of it was read")) : Status();
}

Status BlobExchange::end() {
    if (check_ == BlobCheck::data && came_short()) {
        return error(Code::bad_response, "206 without a byte");
    }
    if (check_ == BlobCheck::full) {
        judge_digest();
    }
    return {};
}

void BlobExchange::judge_digest() {
    answer_.size = received_;
    answer_.wrong_digest = hash_ && to_hex(hash_->finish()) != digest_.hex();
    hash_.reset();
}

bool BlobExchange::came_short() const {
    if (enough_ || check_ == BlobCheck::link || answer_.status == 0 || answer_.status == 416) {
        return false;
    }
    // Distribution answers 206 of 0 bytes for a file that is empty.
    return check_ == BlobCheck::data ? received_ == 0 && answer_.size != 0 : promised_ > received_;
}

void BlobExchange::done(Result<http::Response> result) {
    if (result || enough_) {
        if (enough_ && check_ == BlobCheck::full) {
            answer_.size = std::max(promised_, received_);
        }
        done_(answer_);
        return;
    }
    // The last attempt may have been the one that came short.
    if (answer_.short_body || (came_short() && result.error().code != Code::cancelled)) {
        answer_.short_body = true;
        done_(answer_);
        return;
    }
    done_(result.error());
}

}  // namespace gds::registry
