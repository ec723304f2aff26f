#include "gds/drive/lister.h"

#include "gds/base/log.h"
#include "gds/base/text.h"
#include "page_cursor.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>

namespace gds::drive {

namespace {

using Clock = std::chrono::steady_clock;

// A request in the engine's queue weighs some kilobytes, an id here some bytes: hand over only
// enough to keep every connection busy.
constexpr std::size_t kInFlight = 64;
// A page is held whole, some 700 bytes an item: where folders are wide, as all are until it is
// known, fewer are asked for at once.
constexpr double kItemsInFlight = 12'000;
constexpr double kItemsAPageAtFirst = 1'000;
constexpr double kPagesRemembered = 8;

// Each failure has already used up its retries. So many in a row, and Drive is down: the rest of a
// large tree must not wait out its retries folder by folder.
constexpr int kMaxFailuresInRow = 16;

// A flat listing is worth its first page where more folders than this wait, and a further page for
// each so many folders: pages come one after the other and are large, folders come many at once, so
// that past this it would be no gain in time either. It also bounds what a large account around a
// small folder can cost.
constexpr std::size_t kFewFolders = 50;
constexpr std::size_t kFoldersAPage = 32;
// Each page is put aside until the last one has come: some hundred megabytes in all at most.
constexpr std::size_t kMostPages = 250;
// Requests for folders beside it: each may turn out to have been needless, so no more of them are
// handed over than there are connections; and only a few while a small account would end it.
constexpr std::size_t kInFlightBeside = 16;
constexpr std::size_t kInFlightAtFirst = 4;
constexpr std::size_t kFoldersAFirstPage = 64;
// Where most of a page is ours, nothing gets further with as little: one folder at a time, which is
// also what notices that the next page takes its time.
constexpr std::size_t kInFlightWhileItTells = 1;
constexpr std::chrono::milliseconds kPatience{1'000};

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

/// The flat listing of the user's own corpus, beside the folders.
struct CorpusTask {
    PageCursor cursor = {};
    std::size_t pages = 0;
    bool reading = false;     ///< a page was asked for
    Clock::time_point since;  ///< it was
    bool tells_most = false;  ///< of the last page, most lies in folders that are wanted
    bool last_came = false;
    std::optional<Page> page;  ///< that came and was not handed on yet
    bool over = false;         ///< at its end, or given up
};

/// A folder that waits to be listed. There may be hundreds of thousands, of which hardly one needs
/// more than its id, and that is kept by whoever knows what was wanted.
class WaitingFolder {
public:
    WaitingFolder(const std::string& kept_id, const Ref& folder)
        : id_(kept_id), in_no_drive_(folder.drive_id == "") {
        if (!folder.resource_key.empty() || (folder.drive_id && !in_no_drive_)) {
            more_ = std::make_unique<const Ref>(folder);
        }
    }

    [[nodiscard]] Ref ref() const {
        if (more_) {
            return *more_;
        }
        return {id_, "", in_no_drive_ ? std::optional(std::string()) : std::nullopt};
    }

private:
    std::reference_wrapper<const std::string> id_;
    bool in_no_drive_;
    std::unique_ptr<const Ref> more_;
};

class Lister::Impl : public std::enable_shared_from_this<Lister::Impl> {
public:
    Impl(http::Engine& engine, Api& api, ListingObserver& observer)
        : engine_(engine), api_(api), observer_(observer) {}

    void want_folder(const Ref& folder) { want_in(folders_, folder); }
    void want_folder_or_corpus(const Ref& folder) { sparable_ += want_in(spared_, folder) ? 1 : 0; }
    [[nodiscard]] bool wants(const std::string& folder) const {
        return wanted_folders_.count(folder) != 0;
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

    using Folders = std::deque<WaitingFolder>;

    bool want_in(Folders& waiting, const Ref& folder) {
        const auto [kept, is_new] = wanted_folders_.insert(folder.id);
        if (is_new) {
            waiting.emplace_back(*kept, folder);
        }
        return is_new;
    }

    /// Hand work to the engine while there is room.
    void refill();
    /// How many requests may be in flight by now where the next one lists a folder.
    [[nodiscard]] std::size_t room() const;
    void request_page(const Task& task);
    void page_came(const Task& task, const Result<Page>& page);
    Status take_page(ListTask& task, const Page& page);
    void list_failed(const Task& task, const Error& failure);
    void item_came(const Ref& ref, const Result<model::Item>& result);
    /// Pages of the flat listing that are no more trouble than the folders they would spare.
    [[nodiscard]] std::size_t corpus_bound() const {
        return std::min(1 + sparable_ / kFoldersAPage, kMostPages);
    }
    [[nodiscard]] bool corpus_is_worth_a_page() const;
    [[nodiscard]] bool tells_most(const Page& page) const;
    void read_corpus();
    void corpus_came(Result<Page> page);
    void take_corpus_page();
    Status end_corpus();
    void give_up_corpus(const Error& why);
    std::optional<Ref> next_folder();
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
    std::unordered_set<std::string> wanted_folders_, wanted_items_;
    Folders folders_;
    Folders spared_;            ///< folders that the flat listing would spare us, if it comes first
    std::size_t sparable_ = 0;  ///< how many there ever were
    std::deque<Ref> items_;
    CorpusTask corpus_;
    bool all_wanted_ = false;
    bool all_asked_ = false;
    std::size_t in_flight_ = 0;
    double items_a_page_ = kItemsAPageAtFirst;  ///< of the last pages
    std::size_t folders_listed_ = 0;
    std::size_t files_listed_ = 0;  ///< in these
    int failures_in_row_ = 0;
    bool ever_doubted_ = false;
    std::vector<Doubt> doubts_;
    std::optional<Error> fatal_;
};

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
    if (corpus_.pages == 0 || corpus_.over) {
        return pages;
    }
    const bool goes_on = corpus_.reading || corpus_.last_came;
    if (goes_on && corpus_.tells_most && Clock::now() - corpus_.since < kPatience) {
        return kInFlightWhileItTells;
    }
    const bool early = goes_on && corpus_.pages <= 1 + sparable_ / kFoldersAFirstPage;
    return std::min(pages, early ? kInFlightAtFirst : kInFlightBeside);
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

bool Lister::Impl::corpus_is_worth_a_page() const {
    return corpus_.pages == 0 ? spared_.size() > kFewFolders
                              : spared_.size() > kInFlightBeside && corpus_.pages < corpus_bound();
}

/// Most of a page is ours, and as many pages as may be read will hold all that is: the folders
/// listed so far say how much that may be.
bool Lister::Impl::tells_most(const Page& page) const {
    const auto ours = static_cast<std::size_t>(
        std::count_if(page.items.begin(), page.items.end(),
                      [&](const model::Item& item) { return wants(item.parent); }));
    const std::size_t in_folders =
        sparable_ + sparable_ * files_listed_ / std::max<std::size_t>(folders_listed_, 1);
    return ours > page.items.size() / 2 && in_folders < corpus_bound() * ours;
}

/// Where it is not worth another page yet, it may be once more folders are found.
void Lister::Impl::read_corpus() {
    if (!going() || corpus_.over || corpus_.last_came || corpus_.reading ||
        !corpus_is_worth_a_page()) {
        return;
    }
    corpus_.reading = true;
    corpus_.since = Clock::now();
    ++corpus_.pages;
    const auto weak = weak_from_this();
    api_.list_own(
        corpus_.cursor.token(),
        [weak] {
            const auto self = weak.lock();
            return self && self->corpus_.reading;
        },
        [weak](Result<Page> page) {
            if (const auto self = weak.lock()) {
                self->corpus_came(std::move(page));
            }
        });
}

void Lister::Impl::corpus_came(Result<Page> page) {
    if (!std::exchange(corpus_.reading, false) || !going()) {
        return;  // the folders were done first
    }
    if (!page && is_fatal(page.error().code)) {
        end_with(page.error());
    } else if (!page) {
        give_up_corpus(page.error());
    } else if (const Status step = corpus_.cursor.advance(*page); !step) {
        give_up_corpus(step.error());
    } else {
        corpus_.last_came = corpus_.cursor.at_end();
        corpus_.tells_most = tells_most(*page);
        corpus_.page = *std::move(page);
        engine_.wake();  // the pump that brought it need not wait for more
    }
    refill();
}

/// Pages come one after the other: one is looked at while the next is on its way.
void Lister::Impl::take_corpus_page() {
    const Page page = *std::exchange(corpus_.page, std::nullopt);
    engine_.pump(Millis(0));  // sends what was asked for when it came
    if (!going()) {
        return;
    }
    const auto taken = [&]() -> Status {
        GDS_CHECK(observer_.corpus_items(page.items));
        return page.next_page_token.empty() ? end_corpus() : Status();
    }();
    if (!taken) {
        end_with(taken.error());
    }
    refill();
}

Status Lister::Impl::end_corpus() {
    corpus_.over = true;
    std::vector<Ref> folders;
    folders.reserve(spared_.size());
    for (const WaitingFolder& folder : spared_) {
        folders.push_back(folder.ref());
    }
    spared_.clear();
    for (const Ref& folder : folders) {
        wanted_folders_.erase(folder.id);
    }
    return observer_.corpus_complete(folders);
}

void Lister::Impl::give_up_corpus(const Error& why) {
    corpus_.over = true;
    log::info("the account cannot be listed as a whole; each folder is listed by itself",
              {{"because", why.message}});
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

void Lister::want_all() {
    impl_->want_all();
}

Result<ListingResult> Lister::run() {
    return impl_->run(CompleteListing());
}

}  // namespace gds::drive
