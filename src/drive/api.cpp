#include "gds/drive/api.h"

#include "gds/drive/quota.h"
#include "item_reader.h"
#include "json_exchange.h"
#include "page_cursor.h"
#include "parse.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace gds::drive {

namespace {

constexpr std::string_view kPageSize = "1000";
constexpr const char* kNotTrashed = "trashed = false";

/// A text as a string of Drive's query language.
std::string quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + "'";
}

std::string children_of(const Ref& parent) {
    return fmt::format("{} in parents and trashed = false", quoted(parent.id));
}

/// The parameters that every files.list has.
http::Query page_of(const std::string& q) {
    return {{"q", q},
            {"pageSize", std::string(kPageSize)},
            {"fields", fmt::format("nextPageToken,incompleteSearch,files({})", kItemFields)},
            {"supportsAllDrives", "true"}};
}

std::string file_path(const Ref& item) {
    return "files/" + http::encode_component(item.id);
}

}  // namespace

Ref ref_of(const model::Item& item) {
    return {item.id, item.resource_key, item.drive_id};
}

Ref target_of(const model::Item& shortcut) {
    // A shortcut does not say which drive it leads to. An unbound list finds it anywhere.
    return {shortcut.target_id, shortcut.target_resource_key, ""};
}

Api::Api(http::Engine& engine, std::string endpoint, Corpus corpus)
    : engine_(engine), endpoint_(std::move(endpoint)), corpus_(std::move(corpus)) {
    while (!endpoint_.empty() && endpoint_.back() == '/') {
        endpoint_.pop_back();
    }
    endpoint_ += "/drive/v3/";
}

http::Request Api::call(std::string label, const std::string& path, const Query& query,
                        const Ref& ref) const {
    http::Request request;
    request.url = http::with_query(endpoint_ + path, query);
    request.label = std::move(label);
    request.cost = quota_units(request.label);
    request.classify = classify;
    request.compressed = true;
    if (!ref.resource_key.empty()) {
        request.headers.add("X-Goog-Drive-Resource-Keys",
                            fmt::format("{}/{}", ref.id, ref.resource_key));
    }
    return request;
}

http::Request Api::list_request(const std::string& q, const std::string& page_token,
                                const Ref& ref) const {
    Query query = page_of(q);
    query.emplace_back("includeItemsFromAllDrives", "true");
    // Without `corpora` Drive picks by the query: the user's corpus, or that of the parent.
    const std::string& drive_id = ref.drive_id ? *ref.drive_id : corpus_.drive_id;
    if (!drive_id.empty()) {
        query.emplace_back("corpora", "drive");
        query.emplace_back("driveId", drive_id);
    }
    if (!page_token.empty()) {
        query.emplace_back("pageToken", page_token);
    }
    return call("files.list", "files", query, ref);
}

template <class T>
void Api::ask(http::Request request, Result<T> (*parse)(const std::string&),
              std::function<void(Result<T>)> done, std::function<bool()> wanted) {
    engine_.start(std::make_shared<JsonExchange<T>>(std::move(request), parse, std::move(done),
                                                    std::move(wanted)));
}

/// Calls `start` with a callback and pumps the engine until that was called.
template <class T, class Start>
Result<T> Api::wait_for(Start start) {
    // Shared: the callback may come late, after an engine without work was given up.
    auto answer = std::make_shared<std::optional<Result<T>>>();
    start([answer](Result<T> result) { answer->emplace(std::move(result)); });
    while (!*answer) {
        if (!engine_.pump() && !*answer) {
            return error(Code::internal, "a call to Drive was never answered");
        }
    }
    return std::move(**answer);
}

void Api::list_children(const Ref& folder, const std::string& page_token,
                        std::function<void(Result<Page>)> done) {
    auto with_parent = [id = folder.id, done = std::move(done)](Result<Page> page) {
        if (page && id != "root") {
            for (model::Item& item : page->items) {
                item.parent = id;
            }
        }
        done(std::move(page));
    };
    ask<Page>(list_request(children_of(folder), page_token, folder), parse_page,
              std::move(with_parent));
}

void Api::list_all(const std::string& page_token, std::function<void(Result<Page>)> done) {
    ask<Page>(list_request(kNotTrashed, page_token, Ref{}), parse_page, std::move(done));
}

void Api::list_own(const std::string& page_token, std::function<bool()> wanted,
                   std::function<void(Result<Page>)> done) {
    Query query = page_of(kNotTrashed);
    query.emplace_back("corpora", "user");
    if (!page_token.empty()) {
        query.emplace_back("pageToken", page_token);
    }
    ask<Page>(call("files.list", "files", query), parse_page, std::move(done), std::move(wanted));
}

void Api::get(const Ref& item, std::function<void(Result<model::Item>)> done) {
    Query query = {{"fields", std::string(kItemFields)}, {"supportsAllDrives", "true"}};
    ask<model::Item>(call("files.get", file_path(item), query, item), parse_item, std::move(done));
}

Result<model::Item> Api::get(const Ref& item) {
    return wait_for<model::Item>([&](auto done) { get(item, std::move(done)); });
}

void Api::find(const std::string& q, const Ref& ref, const std::string& name,
               std::function<void(Result<Items>)> done) {
    struct Search {
        PageCursor cursor;
        Items found;
        std::function<void(Result<Page>)> next;
    };
    auto search = std::make_shared<Search>();
    // Whoever is asked next holds `search`; `next` itself must not, or neither would ever go.
    search->next = [this, q, ref, name, done = std::move(done),
                    weak = std::weak_ptr<Search>(search)](Result<Page> page) {
        const auto self = weak.lock();
        if (!page) {
            return done(std::move(page).error());
        }
        if (const Status step = self->cursor.advance(*page); !step) {
            return done(step.error().context("files.list"));
        }
        for (model::Item& item : page->items) {
            // What moves about while it is listed may be shown again.
            const bool again =
                std::any_of(self->found.begin(), self->found.end(),
                            [&](const model::Item& earlier) { return earlier.id == item.id; });
            if (item.name == name && !again) {
                self->found.push_back(std::move(item));
            }
        }
        if (self->cursor.at_end()) {
            return done(std::move(self->found));
        }
        ask<Page>(list_request(q, self->cursor.token(), ref), parse_page,
                  [self](Result<Page> following) { self->next(std::move(following)); });
    };
    ask<Page>(list_request(q, "", ref), parse_page,
              [search](Result<Page> page) { search->next(std::move(page)); });
}

void Api::find_children(const Ref& parent, const std::string& name,
                        std::function<void(Result<Items>)> done) {
    find(fmt::format("{} and name = {}", children_of(parent), quoted(name)), parent, name,
         std::move(done));
}

Result<std::vector<model::Item>> Api::find_children(const Ref& parent, const std::string& name) {
    return wait_for<Items>([&](auto done) { find_children(parent, name, std::move(done)); });
}

Result<std::vector<model::Item>> Api::find_shared(const std::string& name) {
    // What is shared with an account is a matter of its own corpus.
    const Ref own{"", "", ""};
    const std::string q =
        fmt::format("sharedWithMe = true and trashed = false and name = {}", quoted(name));
    return wait_for<Items>([&](auto done) { find(q, own, name, std::move(done)); });
}

Result<Account> Api::about() {
    auto request =
        call("about.get", "about", {{"fields", "user(permissionId,emailAddress,displayName)"}});
    return wait_for<Account>(
        [&](auto done) { ask<Account>(request, parse_account, std::move(done)); });
}

Result<SharedDrive> Api::shared_drive(const std::string& drive_id) {
    auto request =
        call("drives.get", "drives/" + http::encode_component(drive_id), {{"fields", "id,name"}});
    return wait_for<SharedDrive>(
        [&](auto done) { ask<SharedDrive>(request, parse_shared_drive, std::move(done)); });
}

void Api::start_page_token(std::function<void(Result<std::string>)> done) {
    Query query = {{"fields", "startPageToken"}, {"supportsAllDrives", "true"}};
    if (!corpus_.drive_id.empty()) {
        query.emplace_back("driveId", corpus_.drive_id);
    }
    ask<std::string>(call("changes.getStartPageToken", "changes/startPageToken", query),
                     parse_start_page_token, std::move(done));
}

Result<std::string> Api::start_page_token() {
    return wait_for<std::string>([&](auto done) { start_page_token(std::move(done)); });
}

void Api::changes(const std::string& page_token, std::function<void(Result<ChangePage>)> done) {
    Query query = {{"pageToken", page_token},
                   {"pageSize", std::string(kPageSize)},
                   {"fields", fmt::format("nextPageToken,newStartPageToken,"
                                          "changes(changeType,removed,fileId,driveId,file({}))",
                                          kItemFields)},
                   {"supportsAllDrives", "true"},
                   {"includeItemsFromAllDrives", "true"},
                   {"includeRemoved", "true"},
                   {"restrictToMyDrive", "false"}};
    if (corpus_.drive_id.empty()) {
        query.emplace_back("includeCorpusRemovals", "true");
    } else {
        query.emplace_back("driveId", corpus_.drive_id);
    }
    auto advancing = [page_token, done = std::move(done)](Result<ChangePage> page) {
        if (page && page->next_page_token == page_token) {
            page = error(Code::incomplete,
                         "changes.list: Drive gave the page token that it was asked for again");
        }
        done(std::move(page));
    };
    ask<ChangePage>(call("changes.list", "changes", query), parse_changes, std::move(advancing));
}

Result<ChangePage> Api::changes(const std::string& page_token) {
    return wait_for<ChangePage>([&](auto done) { changes(page_token, std::move(done)); });
}

void Api::export_links(const Ref& item, std::function<void(Result<ExportLinks>)> done) {
    Query query = {{"fields", "exportLinks"}, {"supportsAllDrives", "true"}};
    ask<ExportLinks>(call("files.get", file_path(item), query, item), parse_export_links,
                     std::move(done));
}

Result<ExportLinks> Api::export_links(const Ref& item) {
    return wait_for<ExportLinks>([&](auto done) { export_links(item, std::move(done)); });
}

http::Request Api::media_request(const Ref& item, std::int64_t offset) const {
    auto request = call("files.media", file_path(item),
                        {{"alt", "media"}, {"supportsAllDrives", "true"}}, item);
    // Compressed bytes could not be counted against size, nor continued by Range.
    request.compressed = false;
    if (offset > 0) {
        // Not for 0: a Range of an empty file is answered with 416.
        request.headers.add("Range", fmt::format("bytes={}-", offset));
    }
    return request;
}

http::Request Api::export_request(const Ref& item, const std::string& mime_type) const {
    auto request =
        call("files.export", file_path(item) + "/export", {{"mimeType", mime_type}}, item);
    request.compressed = false;
    return request;
}

http::Request Api::link_request(const std::string& url) const {
    http::Request request;
    request.url = url;
    request.label = "files.export";
    request.cost = quota_units(request.label);
    request.classify = classify;
    return request;
}

}  // namespace gds::drive
