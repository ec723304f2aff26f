#include "switches.h"

#include <algorithm>

namespace emulator {
namespace {

using enum Switch;

constexpr auto kSwitches = std::to_array<SwitchInfo>({
    {feed_collapses_entries, "feed-collapses-entries", 1,
     "an entry shows the item as it is now, and vanishes behind a newer one of the same item; 0: "
     "every entry stays and shows what the item was then"},
    {folder_move_emits_one_entry, "folder-move-emits-one-entry", 1,
     "moving, renaming, trashing or untrashing a folder makes no entries for what is below it"},
    {move_keeps_modified_time, "move-keeps-modified-time", 1,
     "moving an item leaves its modifiedTime as it was"},
    {shortcut_ignores_target, "shortcut-ignores-target", 1,
     "a change of its target is no change of a shortcut"},
    {removed_on_lost_access, "removed-on-lost-access", 1,
     "an item the account lost sight of appears in the feed as removed, like a deleted one"},
    {corpus_move_is_removal, "corpus-move-is-removal", 1,
     "an item that moves to another drive appears as removed in the feed of the one it left"},
    {feed_noise, "feed-noise", 0, "reading an item makes a feed entry and raises its version"},
    {feed_repeats_entry, "feed-repeats-entry", 0,
     "the last entry of a feed page comes again as the first of the next"},
    {feed_newest_first, "feed-newest-first", 0,
     "entries of one feed page are reversed, so that a child precedes its parent"},
    {feed_drops_percent, "feed-drops-percent", 0, "that share of feed entries never appears"},
    {feed_token_life_ms, "feed-token-life-ms", 0,
     "a token of the feed is refused once the change it stands before is older"},
    {feed_token_gone, "feed-token-gone", 0, "such a token is refused with 410 instead of 400"},
    {user_feed_misses_shared_drives, "user-feed-misses-shared-drives", 1,
     "the feed without driveId holds nothing of shared drives"},
    {or_parents_loses_items, "or-parents-loses-items", 0,
     "a query with several parents leaves out every second one, incompleteSearch false"},
    {corpus_misses_others, "corpus-misses-others", 1,
     "a query without a parent finds no items of others that were not shared with the account "
     "itself, even if they lie in its folders"},
    {empty_middle_page, "empty-middle-page", 0,
     "after the first page of a list or feed comes an empty one that is not the last"},
    {short_pages, "short-pages", 0, "pages hold half of what pageSize allows"},
    {list_shifts, "list-shifts", 0,
     "a page token counts the items before it: what is added or removed meanwhile shifts the rest"},
    {list_loses_items, "list-loses-items", 0,
     "lists leave out every second item, incompleteSearch false"},
    {list_lag_ms, "list-lag-ms", 0,
     "an item created less than that ago is in the feed and by id, but in no list"},
    {get_lag_ms, "get-lag-ms", 0,
     "an item created less than that ago is in lists and feed, but 404 by id"},
    {list_token_life_ms, "list-token-life-ms", 0, "older page tokens of lists are refused"},
    {incomplete_search, "incomplete-search", 0,
     "lists say incompleteSearch and leave out every second item"},
    {root_trashed_lists_empty, "root-trashed-lists-empty", 1,
     "a trashed folder lists 200 and nothing with trashed = false"},
    {missing_parent_lists_empty, "missing-parent-lists-empty", 1,
     "a folder id that does not exist lists 200 and nothing, instead of 404"},
    {trashed_hidden_from_non_owner, "trashed-hidden-from-non-owner", 1,
     "trashed items of others are in no list at all"},
    {hidden_parent_missing, "hidden-parent-missing", 1,
     "an item whose folder the account cannot see has no parents"},
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
    {content_changes_before_media, "content-changes-before-media", 0,
     "so many downloads find that the file has just got other bytes than was told"},
    {range_ignored, "range-ignored", 0, "a Range on media is answered 200 from byte 0"},
    {media_chunked, "media-chunked", 0,
     "media has no Content-Length: 1 comes in chunks, 2 ends where the connection does"},
    {media_cut_bytes, "media-cut-bytes", 0, "the connection is closed after that much of media"},
    {html_media, "html-media", 0, "content is an HTML page with status 200"},
    {exports_have_no_range, "exports-have-no-range", 1, "a Range on an export is ignored"},
    {export_bytes_vary, "export-bytes-vary", 1, "no two exports have the same bytes"},
    {export_limit_bytes, "export-limit-bytes", 10 * 1024 * 1024,
     "files.export refuses larger exports"},
    {export_link_login_page, "export-link-login-page", 0,
     "exportLinks answer 200 with an HTML login page"},
    {rate_limit_per_s, "rate-limit-per-s", 0,
     "more Drive requests than that in a second are refused; 0: never"},
    {quota_units_per_min, "quota-units-per-min", 0,
     "the same by cost in a minute: a list is 100, a download or export 200, any other 5"},
    {rate_as_403, "rate-as-403", 1, "rate errors are 403 userRateLimitExceeded instead of 429"},
    {retry_after_s, "retry-after-s", 0,
     "rate errors carry Retry-After, and all is refused until that is over"},
    {html_errors, "html-errors", 0, "errors have an HTML body instead of JSON"},
    {html_200, "html-200", 0, "Drive's JSON answers are HTML pages with status 200"},
    {expires_in_s, "expires-in-s", 3599, "lifetime of access tokens"},
    {access_token_uses, "access-token-uses", 0, "an access token is void after so many requests"},
    {invalid_grant, "invalid-grant", 0, "the token endpoint refuses every refresh token"},
    {invalid_rapt, "invalid-rapt", 0, "the same, with error_subtype invalid_rapt"},
    {deleted_client, "deleted-client", 0, "the token endpoint says that the client is deleted"},
    {admin_policy_enforced, "admin-policy-enforced", 0,
     "the token endpoint says that the administrator forbids it"},
    {refresh_tokens_max, "refresh-tokens-max", 100,
     "when there are more, the oldest refresh token stops working without a word"},
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
