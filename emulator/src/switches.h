#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace emulator {

/// Each way in which Drive surprises a client, by name (docs/emulator.md says more of each).
enum class Switch : std::uint8_t {
    // The feed of changes.
    feed_collapses_entries,
    folder_move_emits_one_entry,
    move_keeps_modified_time,
    shortcut_ignores_target,
    removed_on_lost_access,
    corpus_move_is_removal,
    feed_noise,
    feed_repeats_entry,
    feed_newest_first,
    feed_drops_percent,
    feed_token_life_ms,
    feed_token_gone,
    user_feed_misses_shared_drives,
    // Lists.
    or_parents_loses_items,
    corpus_misses_others,
    empty_middle_page,
    short_pages,
    list_shifts,
    list_loses_items,
    list_lag_ms,
    get_lag_ms,
    list_token_life_ms,
    incomplete_search,
    root_trashed_lists_empty,
    missing_parent_lists_empty,
    trashed_hidden_from_non_owner,
    hidden_parent_missing,
    name_query_ignores_case,
    resource_key_404,
    shortcut_target_stale,
    // Content.
    doc_has_size,
    sha_missing,
    md5_missing,
    md5_wrong_for_photos,
    content_changes_before_media,
    range_ignored,
    media_chunked,
    media_cut_bytes,
    html_media,
    exports_have_no_range,
    export_bytes_vary,
    export_limit_bytes,
    export_link_login_page,
    // Errors and quotas.
    rate_limit_per_s,
    quota_units_per_min,
    rate_as_403,
    retry_after_s,
    html_errors,
    html_200,
    // Authorization.
    expires_in_s,
    access_token_uses,
    invalid_grant,
    invalid_rapt,
    deleted_client,
    admin_policy_enforced,
    refresh_tokens_max,
    scope_too_wide,
    scope_missing,
    refresh_token_expires_in_s,
    count_  ///< how many there are
};

/// What a switch is called, what it starts as, and what it does, in one line.
struct SwitchInfo {
    Switch id;
    std::string_view name;
    std::int64_t initial;
    std::string_view effect;
};

/// All switches, in the order of the enumeration.
std::span<const SwitchInfo> all_switches();
std::optional<Switch> find_switch(std::string_view name);

/// The switches' present values: 0 is off, 1 is on, some take a number.
class Switches {
public:
    Switches() { reset(); }
    void reset();
    [[nodiscard]] std::int64_t get(Switch id) const {
        return values_[static_cast<std::size_t>(id)].load(std::memory_order_relaxed);
    }
    [[nodiscard]] bool on(Switch id) const { return get(id) != 0; }
    void set(Switch id, std::int64_t value) {
        values_[static_cast<std::size_t>(id)].store(value, std::memory_order_relaxed);
    }

private:
    std::array<std::atomic<std::int64_t>, static_cast<std::size_t>(Switch::count_)> values_{};
};

}  // namespace emulator
