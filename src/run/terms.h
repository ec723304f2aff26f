#pragma once

#include "gds/auth/token_source.h"
#include "gds/base/result.h"
#include "gds/state/store.h"
#include "gds/tree/filter.h"
#include "source.h"

#include <optional>
#include <string>
#include <vector>

namespace gds::run {

// Facts that the table `meta` keeps of the snapshot.
/// Where the change feed goes on; empty where only a full listing will do.
inline constexpr const char* kFeedToken = "feed_token";
/// The terms under which the snapshot was made.
inline constexpr const char* kFeedTerms = "feed_terms";
/// The id of the folder that it is a snapshot of.
inline constexpr const char* kFeedRoot = "feed_root";
/// The terms under which the last plan left nothing to do; empty since then something has changed.
inline constexpr const char* kSettled = "settled";
/// Ids that the source's path leads through, one a line.
inline constexpr const char* kPathIds = "path_ids";
/// Not empty: something lies in another drive, of whose changes the feed does not tell.
inline constexpr const char* kForeign = "foreign";
/// When the first of the full listings was that took the account's flat listing for the folders'
/// own; empty where the last one asked every folder.
inline constexpr const char* kFlatSince = "flat_since_ms";
/// A flat listing fell short, or was too long: until then none is made.
inline constexpr const char* kFlatNotBefore = "flat_not_before_ms";
/// The folders above targets were asked for later than the targets, so that the feed may tell
/// nothing of them that is not known already. For its next reading, 1: their entries are news all
/// the same. 2: some went out of sight, so that those of any folder are.
inline constexpr const char* kAboveIsNew = "above_is_new";
/// Not empty: a folder came into sight, and targets that are lost were not asked for since.
inline constexpr const char* kFolderCame = "folder_came";
inline constexpr const char* kLastFullListing = "last_full_listing_ms";
inline constexpr const char* kLastScan = "last_scan_ms";

/// What a recorded snapshot depends on besides Drive: whose account, which folder, which filters.
class Terms {
public:
    Terms(const SourceSettings& source, const auth::Credentials& credentials,
          const tree::Filter& filter, const std::vector<std::string>& export_formats);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// What differs from terms recorded earlier, in words; nullopt: nothing.
    [[nodiscard]] std::optional<std::string> difference(const std::string& recorded) const;
    /// The credentials are not those of the terms recorded earlier.
    [[nodiscard]] bool other_credentials(const std::string& recorded) const;

private:
    std::string text_;
};

/// When something was last done and how often it is to be: true also where the clock was set back.
bool is_due(std::int64_t last_ms, std::int64_t interval_ms, std::int64_t now_ms);

}  // namespace gds::run
