#pragma once

#include "corpus.h"
#include "gds/base/result.h"
#include "gds/drive/lister.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"
#include "number_set.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gds::run {

/// What a full listing reads.
enum class Road : std::uint8_t {
    folders,            ///< the list of each folder
    folders_or_corpus,  ///< or, where that takes fewer requests, the whole account flat
    whole_drive,        ///< a shared drive flat, of which everything is mirrored
};

/// The source as this run knows it, in the table `item`: made anew by a full listing, or as the
/// last run left it and the change feed brought it up to date. Both are streamed, page by page.
class Snapshot : public drive::ListingObserver {
public:
    Snapshot(state::Store& store, http::Engine& engine, drive::Api& api, const tree::Filter& filter,
             std::function<void(std::int64_t items)> progress);

    /// List everything below `root`. A flat listing costs fewer requests: pages are filled across
    /// folders, while one parent a query costs a request for each folder, however small.
    Result<drive::ListingResult> list(const model::Item& root, Road road);
    /// Folders of the source are known from a flat listing of the account alone.
    [[nodiscard]] bool by_corpus() const { return by_corpus_; }
    /// The flat listing of the account lacked what is there, and was not used.
    [[nodiscard]] bool corpus_fell_short() const { return corpus_fell_short_; }
    /// It was begun, and the folders were done first.
    [[nodiscard]] bool corpus_unfinished() const { return corpus_unfinished_; }
    /// List those folders by themselves, since the flat listing is not to be trusted after all.
    Result<drive::ListingResult> list_by_folder(const model::Item& root);
    /// List what the projection (or the feed, after a full listing) came upon and found unlisted.
    Result<drive::ListingResult> list_wanted(const model::Item& root);
    [[nodiscard]] bool wants_more() const { return wants_more_; }
    /// Record the folders above what shortcuts lead to (AboveTargets): after a full listing all of
    /// them anew. One about which Drive gives no answer is unknown from then on. Error: the
    /// database's, or one that ends the run.
    Status look_above_targets(state::ItemNo root);
    /// A target that was lost may be back: whoever follows the shortcut asks for it. Inside the
    /// caller's transaction.
    Status look_again(state::ItemNo target);
    /// The folders above the root could not be looked up: whether a shortcut leads to one of them
    /// is not known.
    [[nodiscard]] bool ancestors_unknown() const { return ancestors_doubt_.has_value(); }

    /// The item belongs to the source. After a full listing: it was shown. From the feed: it was
    /// come upon by the projection.
    [[nodiscard]] bool saw(state::ItemNo item) const;
    /// It is, or is not, part of the mirror for a known reason. After a full listing: it was shown.
    Result<bool> knows(state::ItemNo item);
    /// All children of this folder are known.
    Result<bool> listed(state::ItemNo folder);
    /// The item's row is its present state; where a listing is in doubt, what it did not reach
    /// counts as it was before. `folder` is 0 where it is not known.
    Result<bool> current(state::ItemNo item, state::ItemNo folder);
    /// 0 where the item is there, or a change record told that it is not; else the item that has to
    /// be asked for by id before a copy of this one may go: itself, or a folder it lies in.
    Result<state::ItemNo> unproven(state::ItemNo item);

    // What the feed tells. Inside the caller's transaction.
    Status told(state::ItemNo item, const model::Item& state);
    Status lost(state::ItemNo item);
    /// Of an item that is new, in a folder that is not listed yet, so that its list is to show it.
    void told_early(const model::Item& state);
    /// Before the new state is recorded: an item that leaves a list of several pages shifts them,
    /// and what slipped through between two of them is told by nobody. The list is read once more.
    /// `to`: the folder that the item is in by now, "" for none.
    Status shifts(state::ItemNo item, const std::string& to);
    /// Some list took several pages since this was last asked: whether they shifted, the feed
    /// tells.
    bool takes_pages() { return std::exchange(pages_.anew, false); }

    // What the projection comes upon.
    /// A folder whose children are wanted. `path` is the one the filter judges, nullopt where it is
    /// reached by a shortcut, so that no path of its own can rule it out.
    using FilterPath = std::optional<std::string>;
    Status expands(state::ItemNo folder, const FilterPath& path);
    void meets(state::ItemNo item) { met_.add(item); }
    Status follows(const model::Item& shortcut, state::ItemNo target);
    /// A new projection is about to start.
    void forget_projection();

    /// Once the feed told all that is new, what a listing finds besides is counted.
    void expect_nothing_new() { expecting_ = true; }
    [[nodiscard]] std::int64_t surprises() const { return surprises_; }
    /// Something was met that lies in another drive than the root, which the root's feed does not
    /// tell of.
    [[nodiscard]] bool foreign() const { return foreign_; }
    /// Keep what was found for later runs, forget what nobody needs. Only where nothing is in
    /// doubt. Inside the caller's transaction.
    Status settle(state::ItemNo root);

    Status items(const std::string& folder, const std::vector<model::Item>& page) override;
    Status folder_complete(const std::string& folder) override;
    Status item(const drive::Ref& ref, const Result<model::Item>& result) override;
    Status corpus_items(const std::vector<model::Item>& page) override;
    Status corpus_complete(const std::vector<drive::Ref>& folders) override;

private:
    /// Lists of several pages, which shift where something leaves them.
    struct Pages {
        NumberSet begun;      ///< folders of which a page was shown
        NumberSet several;    ///< and of which several were
        NumberSet left;       ///< that an item left since their list was begun
        NumberSet once_more;  ///< and that were listed once more for that
        int of_all = 0;       ///< of the drive's flat list
        bool taken = false;   ///< some list took several
        bool anew = false;    ///< since takes_pages() was asked
    };
    /// What the feed told, against lists that may lag behind it.
    struct News {
        NumberSet told;
        NumberSet differ;  ///< a list that came later showed them otherwise
        NumberSet asked;   ///< by id, for that
        std::vector<model::Item> answers;
        std::map<std::string, std::vector<drive::Ref>> early;  ///< of told_early(), by folder
        std::size_t early_count = 0;
    };

    Result<state::ItemNo> record(const model::Item& item, const state::KnownFolder& folder = {});
    /// Record children of `folder`, and want what lies below them. `by_itself`: they are from its
    /// own list, against which the corpus is held.
    Status take(const std::string& folder, const std::vector<model::Item>& children,
                bool by_itself);
    /// Want what the feed told of and the lists show otherwise or not at all, and take what was
    /// answered. False: there was nothing of either.
    Result<bool> ask_again();
    /// An item left this folder since its list was begun.
    Status left(state::ItemNo folder);
    Status list_once_more(state::ItemNo folder);
    Result<bool> contradicts(state::ItemNo item);
    Status want_again(state::ItemNo item, const drive::Ref& ref);
    Status ask_for_early(const std::string& folder);
    Status ask_for_all_early();
    Status take_answer(const model::Item& answer);
    /// The feed told of it: what was known from elsewhere is older.
    void is_news(state::ItemNo item);
    Status place(state::ItemNo item, const model::Item& state);
    Status place_outside(state::ItemNo item);
    Status place_linked(state::ItemNo item, const model::Item& state);
    void surprise(state::ItemNo item);
    void forget_surprise(state::ItemNo item);
    Status descend(const model::Item& folder, const FilterPath& parent);
    Result<drive::ListingResult> list_to_the_end(const model::Item& root);
    Result<drive::ListingResult> list_what_the_feed_left(const model::Item& root);
    Status list_targets(drive::ListingResult& result);
    /// List what is wanted by now and add what came of it.
    Status list_more(drive::ListingResult& result);
    Result<bool> corpus_tells(const model::Item& folder);
    Result<bool> corpus_lacks();
    Status walk();
    Status ask(state::ItemNo folder);
    Status ask_after_missing();
    Status ask_all();
    Status finish_corpus(drive::ListingResult& result);
    /// Queue the folders that shortcuts lead to, but for those that hold the root themselves.
    Status descend_linked(const model::Item& root);
    /// Record the folders above the root, so that a shortcut to one of them is known as a loop.
    Status record_ancestors(const model::Item& root);
    Result<std::vector<drive::Ref>> take_missing_above(state::ItemNo root);
    Result<NumberSet> present_above_targets(state::ItemNo root);
    Result<std::int64_t> take_above(const drive::Ref& ref, const Result<model::Item>& folder);
    void add_doubt(drive::ListingResult& result) const;
    Result<bool> is_linked(state::ItemNo item);

    state::Store& store_;
    http::Engine& engine_;
    drive::Api& api_;
    const tree::Filter& filter_;
    drive::Lister lister_;
    std::function<void(std::int64_t)> progress_;
    bool full_ = false;      ///< a full listing was begun
    bool in_doubt_ = false;  ///< a listing came to no end
    bool expecting_ = false;
    bool foreign_ = false;
    std::string drive_id_;    ///< the root's
    state::ItemNo root_ = 0;  ///< once a full listing was begun
    NumberSet seen_;          ///< shown by this run's listings
    NumberSet listed_;        ///< folders that this run listed to the last page
    Pages pages_;
    News news_;
    NumberSet met_;       ///< items that the last projection came upon
    NumberSet expanded_;  ///< folders whose children it asked for
    NumberSet proven_;    ///< gone, as a change record or an answer by id says
    NumberSet surprising_;
    std::int64_t surprises_ = 0;
    bool flat_ = false;
    bool everything_listed_ = false;
    bool wants_more_ = false;
    Corpus corpus_;
    bool may_use_corpus_ = false;
    bool corpus_known_ = false;  ///< to its last page: it stands for the lists of folders
    bool by_corpus_ = false;
    bool corpus_fell_short_ = false;
    bool corpus_unfinished_ = false;
    NumberSet shown_by_folder_;      ///< items of ours that folders' own lists showed
    NumberSet told_;                 ///< folders whose children are known from the corpus alone
    std::vector<std::string> walk_;  ///< folders that it is to tell
    std::int64_t count_ = 0;
    std::map<std::string, FilterPath> paths_;         ///< of folders, where there is a filter
    std::map<std::string, drive::Ref> targets_;       ///< of shortcuts, not yet looked at
    std::vector<model::Item> linked_folders_;         ///< what they led to, not yet listed
    std::optional<std::set<std::string>> ancestors_;  ///< of the root; known once needed
    std::optional<drive::Doubt> ancestors_doubt_;
    NumberSet wanted_;           ///< folders that the projection asked for
    NumberSet asked_;            ///< targets of shortcuts that it asked for
    bool looked_above_ = false;  ///< in this run, after a full listing
    NumberSet asked_above_;      ///< folders above targets that were asked for, and targets
};

}  // namespace gds::run
