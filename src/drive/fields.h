#pragma once

#include "gds/base/text.h"
#include "json_reader.h"

#include <fmt/core.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gds::drive {

/// A field that is read: where it lies, of which kind it has to be, and what keeps it (null where
/// only the kind matters). A field of two allowed kinds has two rows.
template <class T>
struct Field {
    std::string_view path;
    JsonKind kind;
    Status (*store)(T&, const JsonValue&) = nullptr;
};

inline Error bad_field(std::string_view path, std::string_view what) {
    return error(Code::bad_response,
                 fmt::format("the answer's field \"{}\" {}", printable(path), what));
}

/// Keep `value` where a row of `fields` asks for it. Error: bad_response for a wrong kind.
template <class T>
Status read_field(std::span<const Field<T>> fields, T& target, std::string_view path,
                  const JsonValue& value) {
    const Field<T>* other_kind = nullptr;
    for (const Field<T>& field : fields) {
        if (field.path != path) {
            continue;
        }
        if (field.kind == value.kind) {
            return field.store == nullptr ? Status{} : field.store(target, value);
        }
        other_kind = &field;
    }
    if (other_kind == nullptr || value.kind == JsonKind::null) {
        return {};
    }
    return bad_field(
        path, fmt::format("is {}, not {}", kind_name(value.kind), kind_name(other_kind->kind)));
}

/// Keeps a text in a member.
template <class T, std::string T::*Member>
Status store_text(T& target, const JsonValue& value) {
    target.*Member = value.text;
    return {};
}

template <class T, bool T::*Member>
Status store_boolean(T& target, const JsonValue& value) {
    target.*Member = value.boolean;
    return {};
}

/// Reads one object by a table of fields.
template <class T>
class FieldsVisitor final : public JsonVisitor {
public:
    explicit FieldsVisitor(std::span<const Field<T>> fields) : fields_(fields) {}

    Status value(std::string_view path, const JsonValue& value) override {
        return read_field(fields_, target_, path, value);
    }
    T& target() { return target_; }

private:
    std::span<const Field<T>> fields_;
    T target_;
};

template <class T>
Result<T> read_fields(std::string_view body, std::span<const Field<T>> fields) {
    FieldsVisitor<T> visitor(fields);
    GDS_CHECK(read_json(body, visitor));
    return std::move(visitor.target());
}

}  // namespace gds::drive
