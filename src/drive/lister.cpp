#include "gds/base/text.h"
#include "lister_impl.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace gds::drive {

namespace {

// A request in the engine's queue weighs some kilobytes, an id here some bytes: hand over only
// enough to keep every connection busy.
constexpr std::size_t kInFlight = 64;
// A page is held whole, some 700 bytes an item: where folders are wide, as all are until it is
// known, fewer are asked for at once.
constexpr double kItemsInFlight = 12'000;
constexpr double kPagesRemembered = 8;

// Each failure has already used up its retries. So many in a row, and Drive is down: the rest of a
// large tree must not wait out its retries folder by folder.
constexpr int kMaxFailuresInRow = 16;

bool is_outage(Code code) {
    return code == Code::unavailable || code == Code::timeout || code == Code::rate_limited;
}

/// True where it may be the page token that Drive refuses: 400 with or without a word about it, or
/// 410 for one that is too old.
bool refuses_token(const Error& failure) {
    return failure.reason == "invalidPageToken" || failure.http_status == 400 ||
           failure.http_status == 410;
}

}  // namespace

void Lister::Impl::refill() {
    read_corpus();
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
        } else if (auto folder = next_folder()) {
            ++in_flight_;
            request_page(std::make_shared<ListTask>(ListTask{.folder = *std::move(folder)}));
        } else {
            return;
        }
    }
}

std::size_t Lister::Impl::room() const {
    const auto pages = static_cast<std::size_t>(
        std::clamp(kItemsInFlight / std::max(items_a_page_, 1.0), 1.0, double{kInFlight}));
    return corpus_.pages == 0 || corpus_.over ? pages : std::min(pages, room_beside_corpus());
}

std::optional<Ref> Lister::Impl::next_folder() {
    std::optional<Ref> next;
    if (in_flight_ >= room()) {
        return next;
    }
    if (!folders_.empty()) {
        // The newest first: a walk in depth keeps the queue shorter than one in breadth.
        next = folders_.back().ref();
        folders_.pop_back();
    } else if (!spared_.empty()) {
        // The oldest first: a walk in breadth shows sooner how many there are.
        next = spared_.front().ref();
        spared_.pop_front();
    }
    return next;
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
    files_listed_ += static_cast<std::size_t>(std::count_if(
        page.items.begin(), page.items.end(),
        [](const model::Item& item) { return item.kind != model::ItemKind::folder; }));
    folders_listed_ += task.cursor.at_end() ? 1 : 0;
    items_a_page_ += (static_cast<double>(page.items.size()) - items_a_page_) / kPagesRemembered;
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
    if (ends_run(failure)) {
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
    if (!result && ends_run(result.error())) {
        end_with(result.error());
        return;
    }
    if (!result && !is_out_of_sight(result.error())) {
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
    const auto left = static_cast<std::int64_t>(folders_.size() + spared_.size() + items_.size());
    if (left > 0) {
        doubt(Ref{}, error(Code::incomplete,
                           fmt::format("{} not asked for, since Drive failed {} times in a row",
                                       plural(left, "item"), failures_in_row_)));
        folders_.clear();
        spared_.clear();
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
        // The next one may come while this one is sent on its way.
        while (going() && corpus_.page) {
            take_corpus_page();
        }
    }
    // Every folder is answered. What may still come of the flat listing is of no use, and its end
    // is not waited for.
    corpus_.over = corpus_.over || corpus_.pages > 0;
    corpus_.reading = false;
    corpus_.page.reset();
    if (fatal_) {
        return *fatal_;
    }
    if (!folders_.empty() || !spared_.empty() || !items_.empty()) {
        return error(Code::internal, "the listing ended before everything was asked for");
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

void Lister::want_folder_or_corpus(const Ref& folder) {
    impl_->want_folder_or_corpus(folder);
}

bool Lister::wants(const std::string& folder) const {
    return impl_->wants(folder);
}

void Lister::want_item(const Ref& item) {
    impl_->want_item(item);
}

void Lister::forget(const std::string& id) {
    impl_->forget(id);
}

void Lister::want_all() {
    impl_->want_all();
}

Result<ListingResult> Lister::run() {
    return impl_->run(CompleteListing());
}

}  // namespace gds::drive
