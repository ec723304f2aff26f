#include "gds/drive/lister.h"

#include "gds/base/text.h"
#include "page_cursor.h"

#include <fmt/core.h>

#include <deque>
#include <unordered_set>
#include <utility>

namespace gds::drive {

namespace {

// A request in the engine's queue weighs some kilobytes, an id here some bytes: hand over only
// enough to keep every connection busy.
constexpr std::size_t kInFlight = 64;

// Each failure has already used up its retries. So many in a row, and Drive is down: the rest of a
// large tree must not wait out its retries folder by folder.
constexpr int kMaxFailuresInRow = 16;

bool is_outage(Code code) {
    return code == Code::unavailable || code == Code::timeout || code == Code::rate_limited;
}

bool is_fatal(Code code) {
    return code == Code::unauthenticated || code == Code::cancelled;
}

/// An item's get that was answered, if with a refusal: nothing is left unknown.
bool is_answer(const Result<model::Item>& result) {
    return result || result.error().code == Code::not_found ||
           result.error().code == Code::permission_denied;
}

/// True where it may be the page token that Drive refuses: 400 with or without a word about it, or
/// 410 for one that is too old.
bool refuses_token(const Error& failure) {
    return failure.reason == "invalidPageToken" || failure.http_status == 400 ||
           failure.http_status == 410;
}

}  // namespace

/// One list that is read page by page.
struct ListTask {
    Ref folder;
    bool whole_corpus = false;
    PageCursor cursor = {};
    bool restarted = false;

    [[nodiscard]] std::string describe() const {
        return whole_corpus ? std::string("listing the whole drive")
                            : fmt::format("listing folder {}", folder.id);
    }
};

class Lister::Impl : public std::enable_shared_from_this<Lister::Impl> {
public:
    Impl(http::Engine& engine, Api& api, ListingObserver& observer)
        : engine_(engine), api_(api), observer_(observer) {}

    void want_folder(const Ref& folder) {
        if (wanted_folders_.insert(folder.id).second) {
            folders_.push_back(folder);
        }
    }
    void want_item(const Ref& item) {
        if (wanted_items_.insert(item.id).second) {
            items_.push_back(item);
        }
    }
    void want_all() { all_wanted_ = !std::exchange(all_asked_, true) || all_wanted_; }

    Result<ListingResult> run(const CompleteListing& proof);

private:
    using Task = std::shared_ptr<ListTask>;

    /// Hand work to the engine while there is room.
    void refill();
    void request_page(const Task& task);
    void page_came(const Task& task, const Result<Page>& page);
    Status take_page(ListTask& task, const Page& page);
    void list_failed(const Task& task, const Error& failure);
    void item_came(const Ref& ref, const Result<model::Item>& result);
    void doubt(const Ref& ref, Error why);
    /// Count what says whether Drive is there at all.
    void note(const std::optional<Error>& failure);
    /// True where Drive is down; then what is queued is in doubt and no longer asked for.
    bool give_up_on_outage();
    void end_with(Error failure);
    /// The owner is still there and the listing still goes on.
    [[nodiscard]] bool going() const { return !fatal_; }

    http::Engine& engine_;
    Api& api_;
    ListingObserver& observer_;
    std::deque<Ref> folders_, items_;
    std::unordered_set<std::string> wanted_folders_, wanted_items_;
    bool all_wanted_ = false;
    bool all_asked_ = false;
    std::size_t in_flight_ = 0;
    int failures_in_row_ = 0;
    bool ever_doubted_ = false;
    std::vector<Doubt> doubts_;
    std::optional<Error> fatal_;
};

void Lister::Impl::refill() {
    while (going() && !give_up_on_outage() && in_flight_ < kInFlight) {
        if (std::exchange(all_wanted_, false)) {
            ++in_flight_;
            request_page(std::make_shared<ListTask>(ListTask{.folder = {}, .whole_corpus = true}));
        } else if (!items_.empty()) {
            ++in_flight_;
            Ref ref = std::move(items_.front());
            items_.pop_front();
            api_.get(ref, [weak = weak_from_this(), ref](const Result<model::Item>& result) {
                if (const auto self = weak.lock()) {
                    self->item_came(ref, result);
                }
            });
        } else if (!folders_.empty()) {
            ++in_flight_;
            // The newest first: a walk in depth keeps the queue shorter than one in breadth.
            Ref folder = std::move(folders_.back());
            folders_.pop_back();
            request_page(std::make_shared<ListTask>(ListTask{.folder = std::move(folder)}));
        } else {
            return;
        }
    }
}

void Lister::Impl::request_page(const Task& task) {
    auto came = [weak = weak_from_this(), task](const Result<Page>& page) {
        if (const auto self = weak.lock()) {
            self->page_came(task, page);
        }
    };
    if (task->whole_corpus) {
        api_.list_all(task->cursor.token(), std::move(came));
    } else {
        api_.list_children(task->folder, task->cursor.token(), std::move(came));
    }
}

void Lister::Impl::page_came(const Task& task, const Result<Page>& page) {
    if (!going()) {
        --in_flight_;
        return;
    }
    note(page ? std::nullopt : std::optional(page.error()));
    if (!page) {
        list_failed(task, page.error());
    } else if (const Status step = task->cursor.advance(*page); !step) {
        --in_flight_;
        doubt(task->folder, step.error().context(task->describe()));
    } else if (const Status taken = take_page(*task, *page); !taken) {
        --in_flight_;
        end_with(taken.error());
    } else if (task->cursor.at_end()) {
        --in_flight_;
    } else {
        request_page(task);
    }
    refill();
}

Status Lister::Impl::take_page(ListTask& task, const Page& page) {
    GDS_CHECK(observer_.items(task.folder.id, page.items));
    if (task.cursor.at_end()) {
        GDS_CHECK(observer_.folder_complete(task.folder.id));
    }
    return {};
}

void Lister::Impl::list_failed(const Task& task, const Error& failure) {
    if (refuses_token(failure) && !task->cursor.token().empty() && !task->restarted) {
        task->restarted = true;
        task->cursor = PageCursor();
        request_page(task);
        return;
    }
    --in_flight_;
    if (is_fatal(failure.code)) {
        end_with(failure);
    } else {
        doubt(task->folder, failure.context(task->describe()));
    }
}

void Lister::Impl::item_came(const Ref& ref, const Result<model::Item>& result) {
    --in_flight_;
    if (!going()) {
        return;
    }
    note(result ? std::nullopt : std::optional(result.error()));
    if (!result && is_fatal(result.error().code)) {
        end_with(result.error());
        return;
    }
    if (!is_answer(result)) {
        doubt(ref, result.error().context(fmt::format("looking up item {}", ref.id)));
    }
    if (const Status taken = observer_.item(ref, result); !taken) {
        end_with(taken.error());
    }
    refill();
}

void Lister::Impl::doubt(const Ref& ref, Error why) {
    ever_doubted_ = true;
    doubts_.push_back({ref, std::move(why)});
}

void Lister::Impl::note(const std::optional<Error>& failure) {
    failures_in_row_ = failure && is_outage(failure->code) ? failures_in_row_ + 1 : 0;
}

bool Lister::Impl::give_up_on_outage() {
    if (failures_in_row_ < kMaxFailuresInRow) {
        return false;
    }
    const auto left = static_cast<std::int64_t>(folders_.size() + items_.size());
    if (left > 0) {
        doubt(Ref{}, error(Code::incomplete,
                           fmt::format("{} not asked for, since Drive failed {} times in a row",
                                       plural(left, "item"), failures_in_row_)));
        folders_.clear();
        items_.clear();
    }
    return true;
}

void Lister::Impl::end_with(Error failure) {
    if (!fatal_) {
        fatal_ = std::move(failure);
    }
}

Result<ListingResult> Lister::Impl::run(const CompleteListing& proof) {
    refill();
    while (going() && in_flight_ > 0) {
        if (!engine_.pump() && in_flight_ > 0) {
            return error(Code::internal, "the listing waits for answers that nobody was asked for");
        }
    }
    if (fatal_) {
        return *fatal_;
    }
    ListingResult result;
    result.doubts = std::exchange(doubts_, {});
    if (!ever_doubted_) {
        result.complete = proof;
    }
    return result;
}

Lister::Lister(http::Engine& engine, Api& api, ListingObserver& observer)
    : impl_(std::make_shared<Impl>(engine, api, observer)) {}

Lister::~Lister() = default;

void Lister::want_folder(const Ref& folder) {
    impl_->want_folder(folder);
}

void Lister::want_item(const Ref& item) {
    impl_->want_item(item);
}

void Lister::want_all() {
    impl_->want_all();
}

Result<ListingResult> Lister::run() {
    return impl_->run(CompleteListing());
}

}  // namespace gds::drive
