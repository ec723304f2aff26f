#include "switches.h"

#include <algorithm>

namespace emulator {
namespace {

using enum Switch;

constexpr auto kSwitches = std::to_array<SwitchInfo>({
    {folder_move_emits_one_entry, "folder-move-emits-one-entry", 1,
     "moving, renaming, trashing or untrashing a folder makes no entries for what is below it"},
    {removed_on_lost_access, "removed-on-lost-access", 1,
     "an item the account lost sight of appears in the feed as removed, like a deleted one"},
    {feed_noise, "feed-noise", 0, "reading an item makes a feed entry and raises its version"},
    {feed_repeats_entry, "feed-repeats-entry", 0,
     "the last entry of a feed page comes again as the first of the next"},
    {feed_newest_first, "feed-newest-first", 0,
     "entries of one feed page are reversed, so that a child precedes its parent"},
    {feed_drops_percent, "feed-drops-percent", 0, "that share of feed entries never appears"},
    {user_feed_misses_shared_drives, "user-feed-misses-shared-drives", 1,
     "the feed without driveId holds nothing of shared drives"},
    {or_parents_loses_items, "or-parents-loses-items", 0,
     "a query with several parents leaves out every second one, incompleteSearch false"},
    {empty_middle_page, "empty-middle-page", 0,
     "after the first page of a list or feed comes an empty one that is not the last"},
    {short_pages, "short-pages", 0, "pages hold half of what pageSize allows"},
    {list_lag_ms, "list-lag-ms", 0,
     "an item created less than that ago is in the feed and by id, but in no list"},
    {list_token_life_ms, "list-token-life-ms", 0, "older page tokens of lists are refused"},
    {incomplete_search, "incomplete-search", 0,
     "lists say incompleteSearch and leave out every second item"},
    {root_trashed_lists_empty, "root-trashed-lists-empty", 1,
     "a trashed folder lists 200 and nothing with trashed = false"},
    {missing_parent_lists_empty, "missing-parent-lists-empty", 1,
     "a folder id that does not exist lists 200 and nothing, instead of 404"},
    {trashed_hidden_from_non_owner, "trashed-hidden-from-non-owner", 1,
     "trashed items of others are in no list at all"},
    {name_query_ignores_case, "name-query-ignores-case", 1, "name = 'A' finds a too"},
    {resource_key_404, "resource-key-404", 1,
     "items of others that have a resource key are 404 without the header"},
    {shortcut_target_stale, "shortcut-target-stale", 1,
     "a shortcut's targetMimeType stays what it was when the shortcut was made"},
    {doc_has_size, "doc-has-size", 1, "Google documents have a size"},
    {sha_missing, "sha-missing", 0, "no item has sha1Checksum or sha256Checksum"},
    {md5_missing, "md5-missing", 0, "no item has md5Checksum"},
    {md5_wrong_for_photos, "md5-wrong-for-photos", 1,
     "checksums of items in the photos space never match their bytes"},
    {range_ignored, "range-ignored", 0, "a Range on media is answered 200 from byte 0"},
    {exports_have_no_range, "exports-have-no-range", 1, "a Range on an export is ignored"},
    {export_bytes_vary, "export-bytes-vary", 1, "no two exports have the same bytes"},
    {export_limit_bytes, "export-limit-bytes", 10 * 1024 * 1024,
     "files.export refuses larger exports"},
    {export_link_login_page, "export-link-login-page", 0,
     "exportLinks answer 200 with an HTML login page"},
    {rate_limit_per_s, "rate-limit-per-s", 0,
     "more Drive requests than that in a second are refused; 0: never"},
    {rate_as_403, "rate-as-403", 1, "rate errors are 403 userRateLimitExceeded instead of 429"},
    {retry_after_s, "retry-after-s", 0, "rate errors carry Retry-After"},
    {html_errors, "html-errors", 0, "errors have an HTML body instead of JSON"},
    {html_200, "html-200", 0, "Drive's JSON answers are HTML pages with status 200"},
    {expires_in_s, "expires-in-s", 3599, "lifetime of access tokens"},
    {invalid_grant, "invalid-grant", 0, "the token endpoint refuses every refresh token"},
    {invalid_rapt, "invalid-rapt", 0, "the same, with error_subtype invalid_rapt"},
    {deleted_client, "deleted-client", 0, "the token endpoint says that the client is deleted"},
    {scope_too_wide, "scope-too-wide", 0, "tokens are granted for all of Drive"},
    {scope_missing, "scope-missing", 0, "tokens are granted without any Drive scope"},
    {refresh_token_expires_in_s, "refresh-token-expires-in-s", 0,
     "token answers tell that the refresh token ends, as for apps in testing"},
});
static_assert(kSwitches.size() == static_cast<std::size_t>(count_));

}  // namespace

std::span<const SwitchInfo> all_switches() {
    return kSwitches;
}

std::optional<Switch> find_switch(std::string_view name) {
    const auto* const found = std::find_if(kSwitches.begin(), kSwitches.end(),
                                           [&](const SwitchInfo& s) { return s.name == name; });
    return found == kSwitches.end() ? std::nullopt : std::optional(found->id);
}

void Switches::reset() {
    for (const SwitchInfo& info : kSwitches) {
        set(info.id, info.initial);
    }
}

}  // namespace emulator
