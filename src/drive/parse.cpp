#include "parse.h"

#include "fields.h"
#include "item_reader.h"

#include <array>
#include <optional>

namespace gds::drive {

namespace {

/// The part of `path` inside the object at `base`: "" for the object itself, nullopt outside.
std::optional<std::string_view> inside(std::string_view path, std::string_view base) {
    if (path.substr(0, base.size()) != base) {
        return std::nullopt;
    }
    path.remove_prefix(base.size());
    if (path.empty()) {
        return path;
    }
    if (path.front() != '.') {
        return std::nullopt;
    }
    path.remove_prefix(1);
    return path;
}

Error lacks(std::string_view field) {
    return error(Code::bad_response, fmt::format("the answer has no field \"{}\"", field));
}

// A null where an element of a list has to be is no element at all: unlike a null field it may hide
// something.
Status element_is_object(const JsonValue& value, std::string_view path) {
    return value.kind == JsonKind::object ? Status{}
                                          : bad_field(path, "holds something else than objects");
}

class ItemVisitor final : public JsonVisitor {
public:
    Status value(std::string_view path, const JsonValue& value) override {
        return reader_.value(path, value);
    }
    Result<model::Item> finish() { return reader_.finish(); }

private:
    ItemReader reader_;
};

struct PageDraft {
    std::vector<model::Item> items;
    std::string next_page_token;
    bool incomplete = false;
    bool has_files = false;
};

Status files_seen(PageDraft& draft, const JsonValue& /*value*/) {
    // Twice would mean that it is unclear which of them is the list.
    const bool again = std::exchange(draft.has_files, true);
    return again ? Status(bad_field("files", "is there twice")) : Status{};
}

constexpr std::array kPageFields = {
    Field<PageDraft>{"", JsonKind::object},
    Field<PageDraft>{"files", JsonKind::array, files_seen},
    Field<PageDraft>{"nextPageToken", JsonKind::text,
                     store_text<PageDraft, &PageDraft::next_page_token>},
    Field<PageDraft>{"incompleteSearch", JsonKind::boolean,
                     store_boolean<PageDraft, &PageDraft::incomplete>},
};

class PageVisitor final : public JsonVisitor {
public:
    Status value(std::string_view path, const JsonValue& value) override {
        const auto in_item = inside(path, kItem);
        if (!in_item) {
            return read_field<PageDraft>(kPageFields, draft_, path, value);
        }
        if (in_item->empty()) {
            GDS_CHECK(element_is_object(value, kItem));
        }
        return reader_.value(*in_item, value);
    }
    Status end(std::string_view path) override {
        if (path == kItem) {
            draft_.items.push_back(GDS_TRY(reader_.finish()));
        }
        return {};
    }
    PageDraft& draft() { return draft_; }

private:
    static constexpr std::string_view kItem = "files[]";

    PageDraft draft_;
    ItemReader reader_;
};

struct ChangeDraft {
    std::string type, file_id, drive_id;
    bool removed = false;
    std::optional<model::Item> item;
};

constexpr std::array kChangeFields = {
    Field<ChangeDraft>{"changeType", JsonKind::text, store_text<ChangeDraft, &ChangeDraft::type>},
    Field<ChangeDraft>{"fileId", JsonKind::text, store_text<ChangeDraft, &ChangeDraft::file_id>},
    Field<ChangeDraft>{"driveId", JsonKind::text, store_text<ChangeDraft, &ChangeDraft::drive_id>},
    Field<ChangeDraft>{"removed", JsonKind::boolean,
                       store_boolean<ChangeDraft, &ChangeDraft::removed>},
};

Result<Change> finish_change(ChangeDraft draft) {
    Change change;
    if (draft.type == "drive") {
        if (draft.drive_id.empty()) {
            return lacks("changes[].driveId");
        }
        change.drive_id = std::move(draft.drive_id);
        change.removed = draft.removed;
        return change;
    }
    if (draft.file_id.empty()) {
        return lacks("changes[].fileId");
    }
    change.id = std::move(draft.file_id);
    change.removed = draft.removed;
    if (change.removed) {
        return change;
    }
    if (!draft.item) {
        return lacks("changes[].file");
    }
    if (draft.item->id != change.id) {
        return bad_field("changes[].file.id", "differs from its change's fileId");
    }
    change.item = std::move(draft.item);
    return change;
}

struct ChangesDraft {
    ChangePage page;
    bool has_changes = false;
};

template <std::string ChangePage::*Member>
Status changes_text(ChangesDraft& draft, const JsonValue& value) {
    return store_text<ChangePage, Member>(draft.page, value);
}

Status changes_seen(ChangesDraft& draft, const JsonValue& /*value*/) {
    const bool again = std::exchange(draft.has_changes, true);
    return again ? Status(bad_field("changes", "is there twice")) : Status{};
}

constexpr std::array kChangesFields = {
    Field<ChangesDraft>{"", JsonKind::object},
    Field<ChangesDraft>{"changes", JsonKind::array, changes_seen},
    Field<ChangesDraft>{"nextPageToken", JsonKind::text,
                        changes_text<&ChangePage::next_page_token>},
    Field<ChangesDraft>{"newStartPageToken", JsonKind::text,
                        changes_text<&ChangePage::new_start_page_token>},
};

/// An entry that cannot be read is left out, and the page says so: it is one of many, and would
/// come again in every run that does not get past it.
class ChangesVisitor final : public JsonVisitor {
public:
    Status value(std::string_view path, const JsonValue& value) override {
        if (const auto in_file = inside(path, kFile)) {
            note(reader_.value(*in_file, value));
            return {};
        }
        const auto in_change = inside(path, kChange);
        if (!in_change) {
            return read_field<ChangesDraft>(kChangesFields, draft_, path, value);
        }
        if (in_change->empty()) {
            note(element_is_object(value, kChange));
            readable_ = readable_ || value.kind != JsonKind::array;  // which has an end of its own
            return {};
        }
        note(read_field<ChangeDraft>(kChangeFields, change_, *in_change, value));
        return {};
    }
    Status end(std::string_view path) override {
        if (path == kFile) {
            Result<model::Item> item = reader_.finish();
            note(item);
            change_.item = item ? std::optional(*std::move(item)) : std::nullopt;
        } else if (path == kChange) {
            Result<Change> change = finish_change(std::exchange(change_, ChangeDraft{}));
            note(change);
            if (std::exchange(readable_, true)) {
                draft_.page.changes.push_back(*std::move(change));
            }
        }
        return {};
    }
    ChangesDraft& draft() { return draft_; }

private:
    template <class T>
    void note(const T& step) {
        if (!step) {
            readable_ = false;
            std::string& first = draft_.page.unreadable;
            first = first.empty() ? step.error().message : first;
        }
    }

    static constexpr std::string_view kChange = "changes[]";
    static constexpr std::string_view kFile = "changes[].file";

    ChangesDraft draft_;
    ChangeDraft change_;
    bool readable_ = true;  ///< the entry so far
    ItemReader reader_;
};

class ExportLinksVisitor final : public JsonVisitor {
public:
    Status value(std::string_view path, const JsonValue& value) override {
        const auto mime_type = inside(path, "exportLinks");
        if (path.empty() || (mime_type && mime_type->empty())) {
            return value.kind == JsonKind::object ? Status{} : bad_field(path, "is no object");
        }
        if (mime_type) {
            if (value.kind != JsonKind::text) {
                return bad_field(path, "is no text");
            }
            links_.emplace_back(*mime_type, value.text);
        }
        return {};
    }
    ExportLinks& links() { return links_; }

private:
    ExportLinks links_;
};

struct StartPageToken {
    std::string text;
};

}  // namespace

Result<model::Item> parse_item(const std::string& body) {
    ItemVisitor visitor;
    GDS_CHECK(read_json(body, visitor));
    return visitor.finish();
}

Result<Page> parse_page(const std::string& body) {
    PageVisitor visitor;
    GDS_CHECK(read_json(body, visitor));
    PageDraft& draft = visitor.draft();
    if (!draft.has_files) {
        return lacks("files");
    }
    return Page{std::move(draft.items), std::move(draft.next_page_token), draft.incomplete};
}

Result<ChangePage> parse_changes(const std::string& body) {
    ChangesVisitor visitor;
    GDS_CHECK(read_json(body, visitor));
    ChangesDraft& draft = visitor.draft();
    if (!draft.has_changes) {
        return lacks("changes");
    }
    if (!draft.page.next_page_token.empty()) {
        draft.page.new_start_page_token.clear();
    } else if (draft.page.new_start_page_token.empty()) {
        return error(Code::bad_response,
                     "the answer has neither nextPageToken nor newStartPageToken");
    }
    return std::move(draft.page);
}

Result<Account> parse_account(const std::string& body) {
    static constexpr std::array kFields = {
        Field<Account>{"", JsonKind::object},
        Field<Account>{"user", JsonKind::object},
        Field<Account>{"user.permissionId", JsonKind::text,
                       store_text<Account, &Account::permission_id>},
        Field<Account>{"user.emailAddress", JsonKind::text, store_text<Account, &Account::email>},
        Field<Account>{"user.displayName", JsonKind::text,
                       store_text<Account, &Account::display_name>},
    };
    Account account = GDS_TRY(read_fields<Account>(body, kFields));
    if (account.permission_id.empty()) {
        return lacks("user.permissionId");
    }
    return account;
}

Result<SharedDrive> parse_shared_drive(const std::string& body) {
    static constexpr std::array kFields = {
        Field<SharedDrive>{"", JsonKind::object},
        Field<SharedDrive>{"id", JsonKind::text, store_text<SharedDrive, &SharedDrive::id>},
        Field<SharedDrive>{"name", JsonKind::text, store_text<SharedDrive, &SharedDrive::name>},
    };
    SharedDrive drive = GDS_TRY(read_fields<SharedDrive>(body, kFields));
    if (drive.id.empty()) {
        return lacks("id");
    }
    return drive;
}

Result<std::string> parse_start_page_token(const std::string& body) {
    static constexpr std::array kFields = {
        Field<StartPageToken>{"", JsonKind::object},
        Field<StartPageToken>{"startPageToken", JsonKind::text,
                              store_text<StartPageToken, &StartPageToken::text>},
    };
    StartPageToken token = GDS_TRY(read_fields<StartPageToken>(body, kFields));
    if (token.text.empty()) {
        return lacks("startPageToken");
    }
    return std::move(token.text);
}

Result<ExportLinks> parse_export_links(const std::string& body) {
    ExportLinksVisitor visitor;
    GDS_CHECK(read_json(body, visitor));
    return std::move(visitor.links());
}

}  // namespace gds::drive
