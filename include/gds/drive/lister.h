#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gds::drive {

/// A folder whose listing is not known to be whole, or an item about which Drive gave no answer,
/// and why.
struct Doubt {
    Ref folder;  ///< id "" for the whole corpus, and for the rest of a listing cut short
    Error error;
};

/// Receives a listing as it comes; calls on the engine's thread. May ask the lister for more.
class ListingObserver {
public:
    virtual ~ListingObserver() = default;
    /// Items of one page of `folder`; after a restart they come again. An error ends the whole
    /// listing.
    virtual Status items(const std::string& folder, const std::vector<model::Item>& page) = 0;
    /// The last page of `folder` was the last.
    virtual Status folder_complete(const std::string& folder) = 0;
    /// Answer to Lister::want_item. not_found means gone or out of sight; permission_denied is an
    /// answer too; any other error is a doubt besides.
    virtual Status item(const Ref& ref, const Result<model::Item>& result) = 0;
    /// Items of one page of the flat listing: of the whole account, in no order.
    virtual Status corpus_items(const std::vector<model::Item>& /*page*/) { return {}; }
    /// The flat listing came to its last page. `folders` are those of want_folder_or_corpus() that
    /// were not asked for yet: they are no longer queued, and may be wanted again.
    virtual Status corpus_complete(const std::vector<Ref>& /*folders*/) { return {}; }
};

/// Proof that every list asked for was read to its last page. Only Lister::run() makes one.
class CompleteListing {
    friend class Lister;
    CompleteListing() = default;
};

struct ListingResult {
    std::optional<CompleteListing> complete;  ///< absent where anything is in doubt
    std::vector<Doubt> doubts;
};

/// Lists many folders concurrently, each one parent a query, page by page. A page token seen twice,
/// incompleteSearch, an endless run of empty pages, any error after its retries (not_found too):
/// the folder is in doubt. A rejected token restarts that folder once from its first page.
///
/// Where many of the folders could be told from a flat listing of the account's own corpus too, it
/// is begun beside them, and whichever comes to its end first is used. How large the account is
/// shows only at the last page, so the flat listing gets few pages for the folders there are, and
/// is given up without a doubt where it fails in any way: the folders are asked for all the while.
class Lister {
public:
    Lister(http::Engine& engine, Api& api, ListingObserver& observer);
    ~Lister();
    Lister(const Lister&) = delete;
    Lister& operator=(const Lister&) = delete;

    /// Queue a folder; a second call with the same id does nothing.
    void want_folder(const Ref& folder);
    /// The same for a folder whose children a flat listing of the user's corpus shows as well.
    void want_folder_or_corpus(const Ref& folder);
    /// The folder is queued, or was asked for.
    [[nodiscard]] bool wants(const std::string& folder) const;
    /// Queue one files.get; a second call with the same id does nothing.
    void want_item(const Ref& item);
    /// What was answered for that id does not stand any more: it may be wanted once more.
    void forget(const std::string& id);
    /// Queue the whole corpus flat (a whole shared drive): items() comes with folder "".
    void want_all();

    /// Pump until the queue is empty. Error: the observer's, cancelled, or one that no further
    /// request can survive (unauthenticated). Anything less is a doubt. May be called again for
    /// what is wanted later; after one doubt no later call is complete.
    Result<ListingResult> run();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;  ///< shared with requests that outlive a failed run()
};

}  // namespace gds::drive
