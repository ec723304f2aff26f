#include "drive_api.h"
#include "fields.h"
#include "query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace emulator {
namespace {

using nlohmann::json;

Answer invalid(std::string_view parameter) {
    return error_answer(400, "invalid", "Invalid Value", std::string(parameter));
}

/// Where a list goes on: kept in its page token, so that nothing is kept here.
struct Place {
    std::uint64_t list = 0;  ///< checksum of the parameters; a token fits its own list only
    std::int64_t made_ms = 0;
    std::uint64_t page = 0;
    std::uint64_t parent = 0;    ///< index into the query's parents
    std::uint64_t position = 0;  ///< in that parent's children, or of a sorted list
};

std::string encode(const Place& place) {
    return "~!!~" +
           to_base64url(std::to_string(place.list) + ":" + std::to_string(place.made_ms) + ":" +
                        std::to_string(place.page) + ":" + std::to_string(place.parent) + ":" +
                        std::to_string(place.position));
}

std::optional<Place> decode(std::string_view token) {
    if (!token.starts_with("~!!~")) {
        return std::nullopt;
    }
    const std::string text = from_base64(token.substr(4));
    std::array<std::uint64_t, 5> part{};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t n = 0; n < part.size(); ++n) {
        const auto read = std::from_chars(at, end, part.at(n));
        const bool last = n + 1 == part.size();
        if (read.ec != std::errc() || (last ? read.ptr != end : *read.ptr != ':')) {
            return std::nullopt;
        }
        at = read.ptr + 1;
    }
    return Place{part[0], static_cast<std::int64_t>(part[1]), part[2], part[3], part[4]};
}

struct SortKey {
    std::string field;
    bool descending = false;
};

std::optional<std::vector<SortKey>> parse_order(std::string_view text) {
    static constexpr std::array<std::string_view, 5> kFields = {"name", "name_natural", "folder",
                                                                "modifiedTime", "createdTime"};
    std::vector<SortKey> keys;
    while (!text.empty()) {
        const auto comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        SortKey key;
        if (part.ends_with(" desc")) {
            key.descending = true;
            part.remove_suffix(5);
        }
        if (std::find(kFields.begin(), kFields.end(), part) == kFields.end()) {
            return std::nullopt;
        }
        key.field = part;
        keys.push_back(std::move(key));
    }
    return keys;
}

int compare(const Item& a, const Item& b, const std::string& field) {
    const auto sign = [](auto x, auto y) { return x < y ? -1 : (y < x ? 1 : 0); };
    if (field == "modifiedTime") {
        return sign(a.modified_ms, b.modified_ms);
    }
    if (field == "createdTime") {
        return sign(a.created_ms, b.created_ms);
    }
    if (field == "folder") {
        return sign(!a.is_folder(), !b.is_folder());
    }
    return a.name.compare(b.name);
}

void sort_items(std::vector<ItemPtr>& items, const std::vector<SortKey>& keys) {
    std::stable_sort(items.begin(), items.end(), [&](const ItemPtr& a, const ItemPtr& b) {
        for (const SortKey& key : keys) {
            if (const int order = compare(*a, *b, key.field); order != 0) {
                return key.descending ? order > 0 : order < 0;
            }
        }
        return false;
    });
}

/// One page of files.list being made.
class Listing {
public:
    Listing(const Request& request, const Store& store) : request_(request), store_(store) {}

    Answer answer() {
        if (auto refused = read_parameters()) {
            return std::move(*refused);
        }
        const auto lock = store_.read();
        if (auto refused = check_parents()) {
            return std::move(*refused);
        }
        const Switches& switches = store_.switches();
        const bool odd = switches.on(Switch::empty_middle_page);
        if (!(odd && place_.page == 1)) {
            limit_ = odd && place_.page == 0 ? 1 : limit_;
            limit_ =
                switches.on(Switch::short_pages) ? std::max<std::size_t>(1, limit_ / 2) : limit_;
            const bool by_count = !order_.empty() || switches.on(Switch::list_shifts);
            by_count ? collect_sorted() : collect();
        } else {
            more_ = true;
        }
        return render();
    }

private:
    std::optional<Answer> read_parameters() {
        auto query = Query::parse(request_.param("q").value_or(""));
        if (!query) {
            return invalid("q");
        }
        query_ = std::move(*query);
        parents_ = query_.parents();
        auto mask = request_mask(
            request_,
            "kind,nextPageToken,incompleteSearch,files(" + std::string(kFileStandard) + ")",
            "kind,nextPageToken,incompleteSearch,files(" + std::string(file_shape()) + ")");
        if (!mask) {
            return mask.error();
        }
        mask_ = std::move(*mask);
        auto order = parse_order(request_.param("orderBy").value_or(""));
        if (!order) {
            return invalid("orderBy");
        }
        order_ = std::move(*order);
        const auto size = page_size(request_);
        if (!size) {
            return invalid("pageSize");
        }
        limit_ = *size;
        if (auto refused = read_corpora()) {
            return refused;
        }
        return read_token();
    }

    std::optional<Answer> read_corpora() {
        corpora_ = request_.param("corpora").value_or("user");
        drive_id_ = request_.param("driveId").value_or("");
        all_drives_ = (request_.flag("includeItemsFromAllDrives") ||
                       request_.flag("includeTeamDriveItems")) &&
                      supports_all_drives(request_);
        if (corpora_ != "user" && corpora_ != "drive" && corpora_ != "allDrives" &&
            corpora_ != "domain") {
            return invalid("corpora");
        }
        if ((corpora_ == "drive") != !drive_id_.empty()) {
            return error_answer(400, "invalid",
                                "The driveId parameter must be specified if and only if corpora is "
                                "set to drive.",
                                "driveId");
        }
        if (corpora_ != "user" && corpora_ != "domain" && !all_drives_) {
            return error_answer(403, "teamDrivesParentLimit",
                                "includeItemsFromAllDrives and supportsAllDrives must be true.",
                                "includeItemsFromAllDrives");
        }
        return std::nullopt;
    }

    std::optional<Answer> read_token() {
        place_.list = std::hash<std::string>{}(request_.param("q").value_or("") + '\n' + corpora_ +
                                               drive_id_ + request_.param("orderBy").value_or(""));
        const auto token = request_.param("pageToken");
        if (!token || token->empty()) {
            return std::nullopt;
        }
        const auto place = decode(*token);
        const std::int64_t life = store_.switches().get(Switch::list_token_life_ms);
        if (!place || place->list != place_.list ||
            (life > 0 && store_.now_ms() - place->made_ms > life)) {
            return invalid("pageToken");
        }
        place_ = *place;
        return std::nullopt;
    }

    std::optional<Answer> check_parents() const {
        for (const std::string& id : parents_.value_or(std::vector<std::string>())) {
            const ItemPtr parent = store_.tree().find(id);
            const bool known = parent && visible_item(with_drives(), store_, id);
            if (!known && (parent || !store_.switches().on(Switch::missing_parent_lists_empty))) {
                return file_not_found("");
            }
        }
        return std::nullopt;
    }
    /// The parent of a list needs no supportsAllDrives, only the right to see it.
    [[nodiscard]] Request with_drives() const {
        Request request;
        request.headers = request_.headers;
        request.query = {{"supportsAllDrives", "true"}};
        return request;
    }

    bool trashed(const Item& item) {
        if (item.trashed || item.parent.empty()) {
            return item.trashed;
        }
        if (!store_.switches().on(Switch::root_trashed_lists_empty) && parents_) {
            return false;
        }
        const auto [known, added] = trashed_parents_.try_emplace(item.parent, false);
        if (added) {
            const ItemPtr parent = store_.tree().find(item.parent);
            known->second = parent && store_.tree().trashed(*parent);
        }
        return known->second;
    }

    bool in_corpus(const Item& item) const {
        if (item.id == kRootId || (!item.drive_id.empty() && item.id == item.drive_id)) {
            return false;
        }
        if (corpora_ == "drive") {
            return item.drive_id == drive_id_;
        }
        return corpora_ != "domain" && (item.drive_id.empty() || all_drives_);
    }

    bool shown(const Item& item) {
        const Switches& switches = store_.switches();
        if (!in_corpus(item) || store_.tree().hidden(item)) {
            return false;
        }
        if (!item.owned && item.drive_id.empty() &&
            switches.on(Switch::trashed_hidden_from_non_owner) && trashed(item)) {
            return false;
        }
        if (!parents_ && corpora_ == "user" && !item.owned && !item.shared_with_me &&
            item.drive_id.empty() && switches.on(Switch::corpus_misses_others)) {
            return false;
        }
        if (item.appeared_ms > store_.now_ms() - switches.get(Switch::list_lag_ms)) {
            return false;
        }
        const QueryContext context{[this](const Item& i) { return trashed(i); },
                                   store_.account().email, std::string(kRootId),
                                   switches.on(Switch::name_query_ignores_case)};
        return query_.matches(item, context);
    }

    /// Items in the order of the tree, from place_ on, until the page is full.
    void collect() {
        const bool lossy = store_.switches().on(Switch::or_parents_loses_items);
        const auto visit = [&](const ItemPtr& item, std::uint64_t next) {
            if (!shown(*item)) {
                place_.position = next;
                return true;
            }
            if (found_.size() == limit_) {
                more_ = true;
                return false;
            }
            found_.push_back(item);
            place_.position = next;
            return true;
        };
        if (!parents_) {
            store_.tree().all(place_.position, visit);
            return;
        }
        for (; place_.parent < parents_->size(); ++place_.parent, place_.position = 0) {
            if (lossy && place_.parent % 2 == 1) {
                continue;
            }
            store_.tree().children((*parents_)[place_.parent], place_.position, visit);
            if (more_) {
                return;
            }
        }
    }

    void collect_sorted() {
        const std::uint64_t begin = place_.position;
        const std::size_t limit = limit_;
        limit_ = static_cast<std::size_t>(-1);
        place_.parent = 0;
        place_.position = 0;
        collect();
        sort_items(found_, order_);
        const auto from = std::min<std::size_t>(begin, found_.size());
        const auto to = std::min(from + limit, found_.size());
        more_ = to < found_.size();
        found_ = {found_.begin() + static_cast<std::ptrdiff_t>(from),
                  found_.begin() + static_cast<std::ptrdiff_t>(to)};
        place_.position = to;
    }

    Answer render() {
        json out = json::object();
        if (mask_.has("kind")) {
            out["kind"] = "drive#fileList";
        }
        const bool incomplete = store_.switches().on(Switch::incomplete_search);
        if (mask_.has("incompleteSearch")) {
            out["incompleteSearch"] = incomplete;
        }
        if (more_ && mask_.has("nextPageToken")) {
            place_.made_ms = store_.now_ms();
            ++place_.page;
            out["nextPageToken"] = encode(place_);
        }
        if (mask_.has("files")) {
            json files = json::array();
            const Mask& inner = mask_.within("files");
            const bool loses = incomplete || store_.switches().on(Switch::list_loses_items);
            for (std::size_t n = 0; n < found_.size(); n += loses ? 2 : 1) {
                const Item& item = *found_[n];
                files.push_back(file_json(item, inner, {store_, request_.origin(), trashed(item)}));
            }
            out["files"] = std::move(files);
        }
        Answer answer;
        answer.body = out.dump(-1, ' ', false, json::error_handler_t::replace);
        return answer;
    }

    const Request& request_;
    const Store& store_;
    Query query_;
    std::optional<std::vector<std::string>> parents_;
    Mask mask_;
    std::vector<SortKey> order_;
    std::size_t limit_ = 0;
    std::string corpora_;
    std::string drive_id_;
    bool all_drives_ = false;
    Place place_;
    std::unordered_map<std::string, bool> trashed_parents_;
    std::vector<ItemPtr> found_;
    bool more_ = false;
};

}  // namespace

Answer list_files(const Request& request, const Store& store) {
    return Listing(request, store).answer();
}

}  // namespace emulator
