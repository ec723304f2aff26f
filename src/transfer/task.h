#pragma once

#include "gds/transfer/downloads.h"
#include "group.h"
#include "partial.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gds::transfer {

/// What a task reports to; all on the engine's thread.
class TaskOwner {
public:
    virtual ~TaskOwner() = default;
    /// For staged files only.
    virtual volume::Cursor& staging() = 0;
    /// True once nothing new should be fetched: running tasks end at their next byte.
    [[nodiscard]] virtual bool stopping() const = 0;
    virtual void received(std::size_t bytes) = 0;
    virtual void start(std::shared_ptr<http::Exchange> exchange) = 0;
    /// The last call of a task: either of these.
    virtual void verified(Staged file) = 0;
    virtual void failed(Outcome outcome) = 0;
};

/// One job from its first byte to a verified file in staging.
class Task : public http::Exchange, public std::enable_shared_from_this<Task> {
public:
    /// `staging` is its file; `resumable` says that a later run may go on with it.
    Task(TaskOwner& owner, Job job, std::string staging, bool resumable, unsigned mode);

    /// Open the staged file. On failure the owner has been told and the task is over.
    bool open();
    /// A bounded part of reading what an earlier run left; true once the task has gone on to fetch
    /// the rest, or is over.
    bool prepare();
    /// Give up before anything was asked for.
    void abandon() { settle(error(Code::cancelled, "stopped before it was fetched")); }

    Result<http::Request> request() override;
    Status head(const http::Response& head) override;
    Status body(std::string_view bytes) override;
    Status end() override;
    void done(Result<http::Response> result) override;

private:
    [[nodiscard]] bool may_resume() const;
    Status accept_range(const http::Response& head);
    Status accept_whole(const http::Response& head);
    Status pin_total(std::optional<std::int64_t> total);
    Status check_format();
    Status check_digest();
    Error start_over(std::string_view why);
    void settle(Status status);
    Error mismatch(std::string what);

    TaskOwner& owner_;
    Job job_;
    std::string staging_;
    bool resumable_;
    unsigned mode_;
    std::optional<Partial> partial_;

    std::int64_t asked_offset_ = 0;
    bool compressed_ = false;            ///< the request let the server compress
    std::optional<std::int64_t> total_;  ///< what every answer must agree on
    std::string content_type_;
    bool start_over_wanted_ = false;
    bool started_over_ = false;
    std::string digest_;
    std::string actual_digest_;
    std::int64_t actual_size_ = -1;
};

}  // namespace gds::transfer
