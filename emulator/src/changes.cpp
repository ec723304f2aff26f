#include "drive_api.h"
#include "fields.h"
#include "timestamp.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

/// A feed token: a position, and after "-" how many pages of this reading came before.
struct Place {
    std::size_t position = 0;
    std::uint64_t page = 0;
};

std::string encode(const Place& place) {
    std::string out = std::to_string(static_cast<std::int64_t>(place.position) + Feed::kFirstToken);
    return place.page == 0 ? out : out + "-" + std::to_string(place.page);
}

std::optional<Place> decode(const std::string& token, std::size_t end) {
    const char* const stop = token.data() + token.size();
    std::int64_t number = 0;
    std::uint64_t page = 0;
    auto read = std::from_chars(token.data(), stop, number);
    if (read.ec == std::errc() && read.ptr != stop && *read.ptr == '-') {
        read = std::from_chars(read.ptr + 1, stop, page);
    }
    const std::int64_t position = number - Feed::kFirstToken;
    if (read.ec != std::errc() || read.ptr != stop || position < 0 ||
        position > static_cast<std::int64_t>(end)) {
        return std::nullopt;
    }
    return Place{static_cast<std::size_t>(position), page};
}

/// One page of changes.list being made.
class FeedPage {
public:
    FeedPage(const Request& request, const Store& store, Mask mask)
        : request_(request), store_(store), mask_(std::move(mask)) {}

    Answer answer(Place place, std::size_t limit) {
        const Switches& switches = store_.switches();
        const bool odd = switches.on(Switch::empty_middle_page);
        limit = odd && place.page == 0 ? 1 : limit;
        limit = switches.on(Switch::short_pages) ? std::max<std::size_t>(1, limit / 2) : limit;
        if (odd && place.page == 1) {
            limit = 0;
        }
        collect(place, limit);
        if (switches.on(Switch::feed_newest_first)) {
            std::reverse(found_.begin(), found_.end());
        }
        return render(place);
    }

private:
    void collect(Place& place, std::size_t limit) {
        const Feed& feed = store_.feed();
        std::size_t last = 0;
        for (; place.position < feed.end(); ++place.position) {
            if (!shown(place.position)) {
                continue;
            }
            if (found_.size() == limit) {
                more_ = true;
                break;
            }
            found_.push_back(place.position);
            last = place.position;
        }
        if (more_ && found_.size() > 1 && store_.switches().on(Switch::feed_repeats_entry)) {
            place.position = last;
        }
        ++place.page;
    }

    [[nodiscard]] bool shown(std::size_t position) const {
        const Feed::Entry& entry = store_.feed().at(position);
        const Switches& switches = store_.switches();
        const std::string drive = request_.param("driveId").value_or("");
        const bool all_drives = request_.flag("includeItemsFromAllDrives") &&
                                supports_all_drives(request_) &&
                                !switches.on(Switch::user_feed_misses_shared_drives);
        if (entry.corpus != drive && !(drive.empty() && all_drives)) {
            return false;
        }
        const auto dropped = static_cast<std::uint64_t>(switches.get(Switch::feed_drops_percent));
        const bool vanished =
            switches.on(Switch::feed_collapses_entries) && !store_.feed().is_latest(position);
        if (vanished || mix(position) % 100 < dropped) {
            return false;
        }
        const ItemPtr item = present(entry);
        if (!item) {
            return request_.param("includeRemoved") != "false";
        }
        return !request_.flag("restrictToMyDrive") || in_my_drive(item);
    }

    /// Below the root folder, rather than only shared with the account.
    [[nodiscard]] bool in_my_drive(ItemPtr item) const {
        for (int depth = 0; depth < kMaxDepth && item && item->id != kRootId; ++depth) {
            item = store_.tree().find(item->parent);
        }
        return item && item->id == kRootId;
    }

    /// The item behind an entry, unless the entry says that it is gone.
    [[nodiscard]] ItemPtr present(const Feed::Entry& entry) const {
        if (!store_.switches().on(Switch::feed_collapses_entries)) {
            return entry.removed ? nullptr : entry.state;
        }
        return entry.removed ? nullptr : visible(entry);
    }
    [[nodiscard]] ItemPtr visible(const Feed::Entry& entry) const {
        ItemPtr item = store_.tree().find(entry.id);
        return item && store_.tree().hidden(*item) ? nullptr : item;
    }

    [[nodiscard]] json change_json(const Feed::Entry& entry, const Mask& mask) const {
        ItemPtr item = present(entry);
        json change = {{"kind", "drive#change"},
                       {"changeType", "file"},
                       {"type", "file"},
                       {"fileId", entry.id},
                       {"time", format_timestamp(entry.time_ms)},
                       {"removed", item == nullptr}};
        if (!entry.corpus.empty()) {
            change["driveId"] = entry.corpus;
        }
        change = apply_mask(change, mask);
        if (!item && request_.flag("includeCorpusRemovals")) {
            item = visible(entry);  // gone from this corpus, but not from the account's sight
        }
        if (item && mask.has("file")) {
            change["file"] = file_json(*item, mask.within("file"),
                                       {store_, request_.origin(), store_.tree().trashed(*item)});
        }
        return change;
    }

    [[nodiscard]] Answer render(const Place& place) const {
        json out = {{"kind", "drive#changeList"}};
        if (more_) {
            out["nextPageToken"] = encode(place);
        } else {
            out["newStartPageToken"] = encode({store_.feed().end(), 0});
        }
        out = apply_mask(out, mask_);
        if (mask_.has("changes")) {
            json changes = json::array();
            for (const std::size_t position : found_) {
                changes.push_back(change_json(store_.feed().at(position), mask_.within("changes")));
            }
            out["changes"] = std::move(changes);
        }
        Answer answer;
        answer.body = out.dump(-1, ' ', false, json::error_handler_t::replace);
        return answer;
    }

    const Request& request_;
    const Store& store_;
    Mask mask_;
    std::vector<std::size_t> found_;
    bool more_ = false;
};

std::optional<Answer> check_drive(const Request& request, const Store& store) {
    const auto id = request.param("driveId");
    if (!id || id->empty()) {
        return std::nullopt;
    }
    const ItemPtr root = store.tree().find(*id);
    if (!root || root->revoked || root->drive_id != *id || !supports_all_drives(request)) {
        return error_answer(404, "notFound", "Shared drive not found: " + *id, "driveId");
    }
    return std::nullopt;
}

bool expired(const Store& store, std::size_t position) {
    const std::int64_t life = store.switches().get(Switch::feed_token_life_ms);
    return life > 0 && position < store.feed().end() &&
           store.now_ms() - store.feed().at(position).time_ms > life;
}

}  // namespace

Answer start_page_token(const Request& request, const Store& store) {
    const auto mask = request_mask(request, "*", "kind,startPageToken");
    if (!mask) {
        return mask.error();
    }
    const auto lock = store.read();
    if (auto refused = check_drive(request, store)) {
        return std::move(*refused);
    }
    const json full = {{"kind", "drive#startPageToken"},
                       {"startPageToken", encode({store.feed().end(), 0})}};
    Answer answer;
    answer.body = apply_mask(full, *mask).dump();
    return answer;
}

Answer list_changes(const Request& request, const Store& store) {
    static const std::string change =
        "kind,removed,fileId,time,changeType,type,driveId,teamDriveId,"
        "drive,teamDrive,file";
    static const std::string envelope = "kind,nextPageToken,newStartPageToken,";
    auto mask = request_mask(
        request,
        envelope +
            "changes(kind,removed,fileId,time,changeType,type,driveId,file(kind,id,name,"
            "mimeType))",
        envelope + "changes(" + change + "(" + std::string(file_shape()) + "))");
    if (!mask) {
        return mask.error();
    }
    const auto token = request.param("pageToken");
    if (!token || token->empty()) {
        return error_answer(400, "required", "Required parameter: pageToken", "pageToken");
    }
    const auto size = page_size(request);
    if (!size) {
        return error_answer(400, "invalid", "Invalid Value", "pageSize");
    }
    const auto lock = store.read();
    if (auto refused = check_drive(request, store)) {
        return std::move(*refused);
    }
    const auto place = decode(*token, store.feed().end());
    if (!place) {
        return error_answer(400, "invalid", "Invalid Value", "pageToken");
    }
    if (expired(store, place->position)) {
        return store.switches().on(Switch::feed_token_gone)
                   ? error_answer(410, "fullSyncRequired", "Sync token is no longer valid.",
                                  "pageToken")
                   : error_answer(400, "invalid", "Invalid Value", "pageToken");
    }
    return FeedPage(request, store, std::move(*mask)).answer(*place, *size);
}

}  // namespace emulator
