#include "task.h"

#include "content_range.h"
#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace gds::transfer {

namespace {

/// Read at once of what an earlier run left, so that running transfers are not held up for long.
constexpr std::int64_t kRehashStep = 16LL << 20;

constexpr std::size_t kFirstBytes = 512;
/// Room for a zip archive's end record with a short comment, or a PDF's trailer.
constexpr std::int64_t kLastBytes = 4096;

bool encoded(const http::Headers& headers) {
    const auto encoding = headers.get("Content-Encoding");
    return encoding && !encoding->empty() && *encoding != "identity";
}

}  // namespace

Task::Task(TaskOwner& owner, Job job, std::string staging, bool resumable, unsigned mode)
    : owner_(owner),
      job_(std::move(job)),
      staging_(std::move(staging)),
      resumable_(resumable),
      mode_(mode),
      total_(job_.size) {}

bool Task::open() {
    auto partial = Partial::open(
        owner_.staging(), Partial::Plan{staging_, resumable_, job_.algorithm, job_.size, mode_});
    if (!partial) {
        settle(partial.error());
        return false;
    }
    partial_.emplace(std::move(*partial));
    return true;
}

bool Task::prepare() {
    auto whole = partial_->rehash(kRehashStep);
    if (!whole) {
        if (auto restarted = partial_->restart(); !restarted) {
            settle(restarted);
            return true;
        }
    } else if (!*whole) {
        return false;
    }
    if (partial_->inherited() && job_.size == partial_->offset()) {
        settle(end());  // an earlier run was stopped between the last byte and the rename
    } else {
        owner_.start(shared_from_this());
    }
    return true;
}

bool Task::may_resume() const {
    return job_.ranges && !job_.digest.empty() && !started_over_;
}

Result<http::Request> Task::request() {
    if (owner_.stopping()) {
        return error(Code::cancelled, "stopped before it was fetched");
    }
    if (partial_->offset() > 0 && !may_resume()) {
        GDS_CHECK(partial_->restart());
    }
    asked_offset_ = partial_->offset();
    auto request = job_.request(asked_offset_);
    compressed_ = request.compressed;
    return request;
}

Error Task::start_over(std::string_view why) {
    start_over_wanted_ = true;
    return error(Code::changed, fmt::format("{}: {}; it is fetched from its first byte",
                                            printable(job_.path), why));
}

Error Task::mismatch(std::string what) {
    return error(Code::mismatch,
                 fmt::format("{}: {}; the old copy stays", printable(job_.path), what));
}

Status Task::pin_total(std::optional<std::int64_t> total) {
    if (!total) {
        return {};
    }
    if (total_ && *total_ != *total) {
        actual_size_ = *total;
        return mismatch(fmt::format("{} bytes promised, {} offered", *total_, *total));
    }
    total_ = total;
    return {};
}

Status Task::accept_range(const http::Response& head) {
    const auto range = parse_content_range(head.headers.get("Content-Range").value_or(""));
    if (asked_offset_ == 0) {
        return error(Code::bad_response,
                     printable(job_.path) + ": a part came where all was asked for");
    }
    if (!range || range->first != asked_offset_) {
        return start_over("the server sent another part than the one asked for");
    }
    if (total_ && range->total && *range->total != *total_) {
        return start_over("the server's file has another size than the part that is here");
    }
    return {};
}

Status Task::accept_whole(const http::Response& head) {
    if (partial_->offset() > 0) {
        GDS_CHECK(partial_->restart());  // Range was ignored: all bytes follow
    }
    total_ = job_.size;  // of an export made anew, the size may differ from the last attempt's
    if (compressed_) {
        return {};  // Content-Length then counts other bytes than those that arrive here
    }
    return pin_total(parse_length(head.headers.get("Content-Length").value_or("")));
}

Status Task::head(const http::Response& head) {
    if (encoded(head.headers) && !compressed_) {
        return error(Code::bad_response,
                     printable(job_.path) + ": came in an encoding that was not asked for");
    }
    content_type_ = head.headers.get("Content-Type").value_or("");
    switch (head.status) {
        case 200: return accept_whole(head);
        case 206: return accept_range(head);
        default:
            return error(Code::bad_response, fmt::format("{}: answered with status {}",
                                                         printable(job_.path), head.status));
    }
}

Status Task::body(std::string_view bytes) {
    if (owner_.stopping()) {
        return error(Code::cancelled, "stopped while it was fetched");
    }
    const auto after = partial_->offset() + static_cast<std::int64_t>(bytes.size());
    if (total_ && after > *total_ && !compressed_) {
        actual_size_ = after;
        return mismatch(fmt::format("more than the promised {} bytes came", *total_));
    }
    GDS_CHECK(partial_->append(bytes));
    owner_.received(bytes.size());
    return {};
}

Status Task::check_format() {
    if (!job_.format) {
        return {};
    }
    const auto first = GDS_TRY(partial_->peek(0, kFirstBytes));
    const auto from = std::max<std::int64_t>(0, partial_->offset() - kLastBytes);
    const auto last = GDS_TRY(partial_->peek(from, static_cast<std::size_t>(kLastBytes)));
    auto checked = check_export(*job_.format, content_type_, first, last);
    return checked ? checked : Status(checked.error().context(printable(job_.path)));
}

Status Task::check_digest() {
    digest_ = partial_->finish();
    if (job_.digest.empty() || digest_ == job_.digest) {
        return {};
    }
    if (partial_->inherited() && !started_over_) {
        return start_over("the part that an earlier run left does not fit");
    }
    actual_digest_ = digest_;
    actual_size_ = partial_->offset();
    return mismatch(
        fmt::format("checksum {} promised, {} received", to_hex(job_.digest), to_hex(digest_)));
}

Status Task::end() {
    if (total_ && partial_->offset() < *total_) {
        return error(Code::bad_response,
                     fmt::format("{}: ended after {} of {} bytes", printable(job_.path),
                                 partial_->offset(), *total_));
    }
    if (total_ && partial_->offset() > *total_) {
        actual_size_ = partial_->offset();
        return mismatch(fmt::format("{} bytes promised, {} received", *total_, partial_->offset()));
    }
    GDS_CHECK(partial_->flush());
    GDS_CHECK(check_format());
    GDS_CHECK(check_digest());
    return partial_->seal(job_.mtime_ms);
}

void Task::done(Result<http::Response> result) {
    if (!result && result.error().http_status == 416 && asked_offset_ > 0) {
        start_over_wanted_ = true;
    }
    settle(result ? Status() : Status(std::move(result).error()));
}

void Task::settle(Status status) {
    if (status) {
        Staged staged;
        staged.token = job_.token;
        staged.path = std::move(job_.path);
        staged.staging = staging_;
        staged.resumable = resumable_;
        staged.content = Published{partial_->offset(), 0, std::move(digest_)};
        staged.replaces = std::move(job_.replaces);
        owner_.verified(std::move(staged));
        return;
    }
    if (start_over_wanted_ && !started_over_ && !owner_.stopping()) {
        started_over_ = true;
        start_over_wanted_ = false;
        if (auto restarted = partial_->restart(); !restarted) {
            settle(restarted);
            return;
        }
        owner_.start(shared_from_this());
        return;
    }
    const Code code = status.error().code;
    const bool worth_keeping = resumable_ && code != Code::mismatch && code != Code::changed;
    if (partial_ && worth_keeping) {
        (void)partial_->flush();  // what is not written is fetched again
    } else if (partial_) {
        partial_->discard(owner_.staging());
    }
    partial_.reset();
    owner_.failed(
        Outcome{job_.token, job_.path, std::move(status).error(), actual_digest_, actual_size_});
}

}  // namespace gds::transfer
