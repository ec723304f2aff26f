#include "gds/transfer/downloads.h"

#include "gds/base/text.h"
#include "publisher.h"
#include "task.h"
#include "umask.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace gds::transfer {

namespace {

/// Verified files that may wait for the publisher before no more are fetched.
constexpr std::size_t kMostUnpublished = 512;

}  // namespace

class Downloads::Impl : public TaskOwner {
public:
    Impl(http::Engine& engine, const volume::Volume& volume, volume::Trash& trash, Options options,
         Cancel& cancel)
        : engine_(engine),
          volume_(volume),
          staging_(volume),
          options_(options),
          mode_(options.file_mode & ~current_umask()),
          cancel_(cancel),
          publisher_(volume, trash, [&engine] { engine.wake(); }) {}

    Status run(const std::function<std::optional<Job>()>& next,
               const std::function<Status(std::vector<Outcome>)>& commit,
               const std::function<void(const Progress&)>& progress) {
        // Another call is another round: `next` may have jobs again, for the same paths too.
        ask_ = true;
        claims_.clear();
        claimed_.clear();
        GDS_CHECK(volume::make_state_dir(volume_));
        staging_ = volume::Cursor(volume_);
        for (;;) {
            hand_over(commit);
            refill(next);
            read_leftovers();
            if (progress) {
                progress(Progress{files_done_, bytes_done_, active_});
            }
            if (active_ == 0 && failures_.empty() && publisher_.pending() == 0) {
                break;
            }
            wait();
        }
        return fatal_ ? Status(*fatal_) : Status();
    }

    volume::Cursor& staging() override { return staging_; }
    [[nodiscard]] bool stopping() const override { return fatal_.has_value() || cancel_.stopped(); }
    void received(std::size_t bytes) override { bytes_done_ += static_cast<std::int64_t>(bytes); }
    void start(std::shared_ptr<http::Exchange> exchange) override {
        engine_.start(std::move(exchange));
    }
    void verified(Staged file) override {
        --active_;
        publisher_.add(std::move(file));
    }
    void failed(Outcome outcome) override {
        --active_;
        const auto& reason = outcome.result.error();
        if (is_fatal(reason.code)) {
            stop_with(reason);
        } else if (reason.code != Code::cancelled || !stopping()) {
            failures_.push_back(std::move(outcome));
        }
    }

private:
    void stop_with(const Error& reason) {
        if (!fatal_) {
            fatal_ = reason;
        }
    }

    void hand_over(const std::function<Status(std::vector<Outcome>)>& commit) {
        for (auto& group : publisher_.take()) {
            files_done_ += std::count_if(group.outcomes.begin(), group.outcomes.end(),
                                         [](const Outcome& one) { return one.result.has_value(); });
            hand_over(commit, std::move(group.outcomes));
            if (group.fatal) {
                stop_with(*group.fatal);
            }
        }
        hand_over(commit, std::exchange(failures_, {}));
    }

    void hand_over(const std::function<Status(std::vector<Outcome>)>& commit,
                   std::vector<Outcome> outcomes) {
        if (outcomes.empty() || commit_failed_) {
            return;
        }
        ask_ = true;
        for (const Outcome& one : outcomes) {
            release(one.token);
        }
        if (const auto committed = commit(std::move(outcomes)); !committed) {
            // What cannot be recorded is not published either.
            commit_failed_ = true;
            stop_with(committed.error());
            publisher_.halt();
        }
    }

    void refill(const std::function<std::optional<Job>()>& next) {
        while (ask_ && !stopping() && active_ < options_.transfers &&
               publisher_.pending() < kMostUnpublished) {
            auto job = next();
            if (!job) {
                ask_ = false;
                return;
            }
            begin(std::move(*job));
        }
    }

    void begin(Job job) {
        std::string staging;
        bool resumable = job.ranges && !job.digest.empty() && !job.resume_key.empty();
        if (resumable) {
            staging = partial_path(job.resume_key);
            // One file may live at several paths, and so one key be under way already.
            resumable = claim(job.token, staging);
        }
        if (!resumable) {
            staging = fmt::format("{}/{}.tmp", staging_path(), random_hex(16));
        }
        ++active_;
        const auto task =
            std::make_shared<Task>(*this, std::move(job), std::move(staging), resumable, mode_);
        if (task->open() && !task->prepare()) {
            rehashing_.push_back(task);
        }
    }

    /// True where nothing under way has this partial.
    bool claim(std::int64_t token, const std::string& partial) {
        const bool free = claimed_.insert(partial).second;
        if (free) {
            claims_[token] = partial;
        }
        return free;
    }

    void release(std::int64_t token) {
        if (const auto node = claims_.extract(token)) {
            claimed_.erase(node.mapped());
        }
    }

    /// One step of one task: disks read best one file after the other, and the network goes on.
    void read_leftovers() {
        while (stopping() && !rehashing_.empty()) {
            rehashing_.front()->abandon();
            rehashing_.pop_front();
        }
        if (!rehashing_.empty() && rehashing_.front()->prepare()) {
            rehashing_.pop_front();
        }
    }

    void wait() {
        if (!failures_.empty()) {
            return;
        }
        if (active_ == 0) {
            publisher_.wait();
        } else {
            engine_.pump(rehashing_.empty() ? http::Engine::kLongestWait : Millis(0));
        }
    }

    http::Engine& engine_;
    const volume::Volume& volume_;
    /// Our own folder, which stays open for a whole call of run(), as every partial in it does.
    volume::Cursor staging_;
    Options options_;
    unsigned mode_;
    Cancel& cancel_;

    std::deque<std::shared_ptr<Task>> rehashing_;
    std::unordered_map<std::int64_t, std::string> claims_;  ///< token -> partial, under way
    std::unordered_set<std::string> claimed_;               ///< these partials
    std::vector<Outcome> failures_;
    std::optional<Error> fatal_;
    bool commit_failed_ = false;
    bool ask_ = true;  ///< `next` may have more
    int active_ = 0;   ///< tasks that are not over
    std::int64_t files_done_ = 0;
    std::int64_t bytes_done_ = 0;
    Publisher publisher_;
};

Downloads::Downloads(http::Engine& engine, const volume::Volume& volume, volume::Trash& trash,
                     Options options, Cancel& cancel)
    : impl_(std::make_unique<Impl>(engine, volume, trash, options, cancel)) {}

Downloads::~Downloads() = default;

Status Downloads::run(const std::function<std::optional<Job>()>& next,
                      const std::function<Status(std::vector<Outcome>)>& commit,
                      const std::function<void(const Progress&)>& progress) {
    return impl_->run(next, commit, progress);
}

}  // namespace gds::transfer
