#include "item_reader.h"

#include "fields.h"

#include <array>
#include <charconv>
#include <utility>

namespace gds::drive {

namespace {

using model::Item;
using model::ItemKind;
using Draft = ItemReader::Draft;

template <std::string Item::*Member>
Status text(Draft& draft, const JsonValue& value) {
    return store_text<Item, Member>(draft.item, value);
}

template <bool Item::*Member>
Status boolean(Draft& draft, const JsonValue& value) {
    return store_boolean<Item, Member>(draft.item, value);
}

// A checksum that is none is worth no more than an absent one: the caller has a rule for those.
template <model::Checksum Item::*Member, std::size_t Bytes>
Status checksum(Draft& draft, const JsonValue& value) {
    std::array<char, Bytes> bytes{};
    draft.item.*Member = decode_hex(value.text, bytes) ? std::string_view(bytes.data(), Bytes) : "";
    return {};
}

Status name(Draft& draft, const JsonValue& value) {
    draft.has_name = true;
    return text<&Item::name>(draft, value);
}

Status first_parent(Draft& draft, const JsonValue& value) {
    if (draft.item.parent.empty()) {
        return text<&Item::parent>(draft, value);
    }
    draft.item.more_parents = true;
    return {};
}

Status space(Draft& draft, const JsonValue& value) {
    draft.item.in_photos = draft.item.in_photos || value.text == "photos";
    return {};
}

// int64 is a string in Google's JSON; emulators send numbers.
Status size_text(Draft& draft, const JsonValue& value) {
    const char* const last = value.text.data() + value.text.size();
    std::int64_t size = 0;
    const auto [end, problem] = std::from_chars(value.text.data(), last, size);
    if (problem != std::errc() || end != last || size < 0) {
        return bad_field("size", fmt::format("is \"{}\"", printable(value.text.substr(0, 40))));
    }
    draft.item.size = size;
    return {};
}

Status size_integer(Draft& draft, const JsonValue& value) {
    if (value.integer < 0) {
        return bad_field("size", fmt::format("is {}", value.integer));
    }
    draft.item.size = value.integer;
    return {};
}

Status modified_time(Draft& draft, const JsonValue& value) {
    const auto ms = parse_rfc3339(value.text);
    if (!ms) {
        return bad_field("modifiedTime", fmt::format("is \"{}\", which is no RFC 3339 time",
                                                     printable(value.text.substr(0, 40))));
    }
    draft.item.modified_ms = *ms;
    draft.has_time = true;
    return {};
}

constexpr std::array kFields = {
    Field<Draft>{"", JsonKind::object},
    Field<Draft>{"id", JsonKind::text, text<&Item::id>},
    Field<Draft>{"name", JsonKind::text, name},
    Field<Draft>{"mimeType", JsonKind::text, text<&Item::mime_type>},
    Field<Draft>{"parents", JsonKind::array},
    Field<Draft>{"parents[]", JsonKind::text, first_parent},
    Field<Draft>{"size", JsonKind::text, size_text},
    Field<Draft>{"size", JsonKind::integer, size_integer},
    Field<Draft>{"md5Checksum", JsonKind::text, checksum<&Item::md5, 16>},
    Field<Draft>{"sha1Checksum", JsonKind::text, checksum<&Item::sha1, 20>},
    Field<Draft>{"sha256Checksum", JsonKind::text, checksum<&Item::sha256, 32>},
    Field<Draft>{"modifiedTime", JsonKind::text, modified_time},
    Field<Draft>{"headRevisionId", JsonKind::text, text<&Item::head_revision>},
    Field<Draft>{"resourceKey", JsonKind::text, text<&Item::resource_key>},
    Field<Draft>{"driveId", JsonKind::text, text<&Item::drive_id>},
    Field<Draft>{"trashed", JsonKind::boolean, boolean<&Item::trashed>},
    Field<Draft>{"ownedByMe", JsonKind::boolean, boolean<&Item::owned_by_me>},
    Field<Draft>{"shared", JsonKind::boolean, boolean<&Item::shared>},
    Field<Draft>{"spaces", JsonKind::array},
    Field<Draft>{"spaces[]", JsonKind::text, space},
    Field<Draft>{"capabilities", JsonKind::object},
    Field<Draft>{"capabilities.canDownload", JsonKind::boolean, boolean<&Item::can_download>},
    Field<Draft>{"shortcutDetails", JsonKind::object},
    Field<Draft>{"shortcutDetails.targetId", JsonKind::text, text<&Item::target_id>},
    Field<Draft>{"shortcutDetails.targetMimeType", JsonKind::text, text<&Item::target_mime_type>},
    Field<Draft>{"shortcutDetails.targetResourceKey", JsonKind::text,
                 text<&Item::target_resource_key>},
};

}  // namespace

Status ItemReader::value(std::string_view path, const JsonValue& value) {
    return read_field<Draft>(kFields, draft_, path, value);
}

Result<Item> ItemReader::finish() {
    Draft draft = std::exchange(draft_, Draft{});
    Item& item = draft.item;
    if (item.id.empty()) {
        return error(Code::bad_response, "the answer holds an item without an id");
    }
    const auto lacks = [&](std::string_view field) {
        return error(Code::bad_response,
                     fmt::format("the answer holds item {} without {}", printable(item.id), field));
    };
    if (!draft.has_name) {
        return lacks("a name");
    }
    if (item.mime_type.empty()) {
        return lacks("a mimeType");
    }
    item.kind = model::kind_of(item.mime_type);
    const bool is_file = item.kind == ItemKind::file;
    if (!draft.has_time && (is_file || item.kind == ItemKind::document)) {
        return lacks("a modifiedTime");
    }
    if (!is_file) {
        // Drive gives documents a size too, which says nothing about an export's.
        item.size.reset();
    }
    return std::move(item);
}

}  // namespace gds::drive
