#pragma once

#include "gds/base/result.h"
#include "gds/http/engine.h"
#include "gds/model/item.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gds::drive {

/// Which items a list or feed looks at (files.list `corpora`).
struct Corpus {
    std::string drive_id = {};  ///< a shared drive; empty for the user's own corpus
};

/// One page of files.list.
struct Page {
    std::vector<model::Item> items;
    std::string next_page_token;  ///< empty on the last page
    bool incomplete = false;      ///< incompleteSearch
};

/// One entry of changes.list: the present state of an item, or that it is gone from view.
struct Change {
    std::string id;  ///< empty for a change of a shared drive itself
    bool removed = false;
    std::optional<model::Item> item;  ///< always there unless removed
    std::string drive_id;             ///< changeType "drive"
};

struct ChangePage {
    std::vector<Change> changes;
    std::string next_page_token;
    std::string new_start_page_token;  ///< on the last page only
    std::string unreadable;  ///< what is wrong with the first entry that had to be left out
};

/// about.get: whose credentials these are.
struct Account {
    std::string permission_id;
    std::string email;
    std::string display_name;
};

/// A shared drive; its id is also the id of its root folder.
struct SharedDrive {
    std::string id;
    std::string name;
};

/// An item's id with the key that old link-shared items need (Drive guide "resource keys").
struct Ref {
    std::string id;
    std::string resource_key = {};
    /// The shared drive it lies in, "" for none; unset where unknown: the Api's corpus. A shortcut
    /// may lead out of the corpus, where a list bound to it would find nothing.
    std::optional<std::string> drive_id = std::nullopt;
};

/// How to ask for an item that has been seen.
Ref ref_of(const model::Item& item);
/// How to ask for what a shortcut leads to.
Ref target_of(const model::Item& shortcut);

/// A document format: the extension rclone gives it and the type that files.export takes.
struct ExportFormat {
    std::string extension;  ///< without the dot
    std::string mime_type;
};

/// The format that a document of `mime_type` is exported to: the first of `preferences`
/// (extensions) that Google supports for it (Drive guide "export formats"; fixed table). nullopt:
/// none.
std::optional<ExportFormat> export_format(std::string_view mime_type,
                                          const std::vector<std::string>& preferences);
/// True where some document type can be exported to that extension.
bool is_export_extension(std::string_view extension);

/// What an answer of Drive means; knows its 403 reasons (Drive guide "resolve errors"). The error's
/// reason is Google's, but "insufficient_scope" (with unauthenticated) where the token's scope is
/// too narrow, "invalidPageToken" (with invalid_argument) where a list has to start over, and
/// "fileNotExportable" where a conversion does not exist. Refusals of one file, permanent or for a
/// day (downloadQuotaExceeded), and exportSizeLimitExceeded have code permission_denied.
std::optional<Error> classify(const http::Response& response);
/// True for refusals that this account can never get past for this file: download forbidden,
/// flagged as malware, a type without export. They are skipped, not failed.
bool is_permanent_refusal(const Error& error);
/// True where Drive will not go on from a page token: whoever holds it has to list anew.
bool rejects_page_token(const Error& error);
/// True where Drive itself said that an item does not exist: 404, and not from some page on the
/// way.
bool proves_absence(const Error& error);
/// True where the answer was that this account does not get to see an item: it does not exist, or
/// permission is denied.
bool is_out_of_sight(const Error& error);
/// True where no other request of this run could fare better: refused credentials, or a stop.
bool ends_run(const Error& error);

/// Calls of Drive API v3, GET only. Callbacks come on the engine's thread.
class Api {
public:
    Api(http::Engine& engine, std::string endpoint, Corpus corpus);

    /// One page of the children of one folder, trashed ones left out; each one's parent is `folder`
    /// (but for the alias "root"), whatever else it lies in.
    void list_children(const Ref& folder, const std::string& page_token,
                       std::function<void(Result<Page>)> done);
    /// One page of everything in the corpus (whole shared drive), trashed ones left out.
    void list_all(const std::string& page_token, std::function<void(Result<Page>)> done);
    /// One page of everything in the user's own corpus: what the account created, opened or was
    /// given itself, trashed ones and shared drives left out. Items of others that it may only see
    /// since they lie in a folder of its own can be missing. `wanted` is asked before each attempt:
    /// false ends the call with cancelled.
    void list_own(const std::string& page_token, std::function<bool()> wanted,
                  std::function<void(Result<Page>)> done);
    /// files.get. Error: not_found where it is gone or out of sight.
    void get(const Ref& item, std::function<void(Result<model::Item>)> done);
    Result<model::Item> get(const Ref& item);
    /// All children of `parent` ("root" allowed) of exactly that name; the server compares without
    /// case, this does not.
    Result<std::vector<model::Item>> find_children(const Ref& parent, const std::string& name);
    void find_children(const Ref& parent, const std::string& name,
                       std::function<void(Result<std::vector<model::Item>>)> done);
    /// Items shared with this account (sharedWithMe) of exactly that name.
    Result<std::vector<model::Item>> find_shared(const std::string& name);
    Result<Account> about();
    /// drives.get. Error: not_found where this account is no member.
    Result<SharedDrive> shared_drive(const std::string& drive_id);
    Result<std::string> start_page_token();
    void start_page_token(std::function<void(Result<std::string>)> done);
    /// One page of the feed. The last one alone has a new_start_page_token.
    void changes(const std::string& page_token, std::function<void(Result<ChangePage>)> done);
    Result<ChangePage> changes(const std::string& page_token);
    /// exportLinks of a document: (mime type, URL).
    Result<std::vector<std::pair<std::string, std::string>>> export_links(const Ref& item);
    void export_links(
        const Ref& item,
        std::function<void(Result<std::vector<std::pair<std::string, std::string>>>)> done);

    /// GET of a file's bytes from `offset` on (alt=media).
    [[nodiscard]] http::Request media_request(const Ref& item, std::int64_t offset) const;
    /// GET of files.export.
    [[nodiscard]] http::Request export_request(const Ref& item, const std::string& mime_type) const;
    /// GET of an exportLinks URL.
    [[nodiscard]] http::Request link_request(const std::string& url) const;

    [[nodiscard]] const Corpus& corpus() const { return corpus_; }

private:
    using Query = http::Query;
    using Items = std::vector<model::Item>;

    [[nodiscard]] http::Request call(std::string label, const std::string& path, const Query& query,
                                     const Ref& ref = {}) const;
    /// files.list of `q`, in the corpus of `ref`.
    [[nodiscard]] http::Request list_request(const std::string& q, const std::string& page_token,
                                             const Ref& ref) const;
    /// Every page of `q`; those items that are called exactly `name`.
    void find(const std::string& q, const Ref& ref, const std::string& name,
              std::function<void(Result<Items>)> done);
    template <class T>
    void ask(http::Request request, Result<T> (*parse)(const std::string&),
             std::function<void(Result<T>)> done, std::function<bool()> wanted = nullptr);
    template <class T, class Start>
    Result<T> wait_for(Start start);

    http::Engine& engine_;
    std::string endpoint_;
    Corpus corpus_;
};

}  // namespace gds::drive
