#include "gds/base/log.h"
#include "lister_impl.h"

#include <algorithm>

// The flat listing of the account beside the lists of folders: when it is worth a page, and how
// many folders are asked for in the meantime.

namespace gds::drive {

namespace {

using Clock = std::chrono::steady_clock;

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

}  // namespace

std::size_t Lister::Impl::room_beside_corpus() const {
    if (corpus_.last_came) {
        return 0;  // all of it is here, and only has to be looked at
    }
    if (corpus_.reading && corpus_.tells_most && Clock::now() - corpus_.since < kPatience) {
        return kInFlightWhileItTells;
    }
    const bool early = corpus_.reading && corpus_.pages <= 1 + sparable_ / kFoldersAFirstPage;
    return early ? kInFlightAtFirst : kInFlightBeside;
}

std::size_t Lister::Impl::corpus_bound() const {
    return std::min(1 + sparable_ / kFoldersAPage, kMostPages);
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
    if (!page && ends_run(page.error())) {
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

}  // namespace gds::drive
