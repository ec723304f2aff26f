#pragma once

#include "gds/drive/lister.h"
#include "page_cursor.h"

#include <fmt/core.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>

namespace gds::drive {

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
    bool reading = false;                         ///< a page was asked for
    std::chrono::steady_clock::time_point since;  ///< it was
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
    void forget(const std::string& id) {
        all_asked_ = all_asked_ && !id.empty();
        wanted_folders_.erase(id);
        wanted_items_.erase(id);
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
    /// The same where a flat listing was begun and may yet spare folders.
    [[nodiscard]] std::size_t room_beside_corpus() const;
    void request_page(const Task& task);
    void page_came(const Task& task, const Result<Page>& page);
    Status take_page(ListTask& task, const Page& page);
    void list_failed(const Task& task, const Error& failure);
    void item_came(const Ref& ref, const Result<model::Item>& result);
    /// Pages of the flat listing that are no more trouble than the folders they would spare.
    [[nodiscard]] std::size_t corpus_bound() const;
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
    double items_a_page_ = 1'000;  ///< of the last pages; the most at first
    std::size_t folders_listed_ = 0;
    std::size_t files_listed_ = 0;  ///< in these
    int failures_in_row_ = 0;
    bool ever_doubted_ = false;
    std::vector<Doubt> doubts_;
    std::optional<Error> fatal_;
};

}  // namespace gds::drive
