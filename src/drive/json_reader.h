#pragma once

#include "gds/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gds::drive {

enum class JsonKind { null, boolean, integer, real, text, object, array };

/// One JSON value as it is read; of objects and arrays only the kind.
struct JsonValue {
    JsonKind kind = JsonKind::null;
    bool boolean = false;
    std::int64_t integer = 0;
    std::string_view text = {};  ///< for as long as the visitor is told of it
};

/// Told about every value of a document in its order. A path is the keys that lead to a value
/// joined with dots; an element of an array adds "[]": "files[].capabilities.canDownload".
class JsonVisitor {
public:
    virtual ~JsonVisitor() = default;
    /// A scalar, or the start of an object or array. An error ends the reading.
    virtual Status value(std::string_view path, const JsonValue& value) = 0;
    /// The end of the object or array at `path`.
    virtual Status end(std::string_view /*path*/) { return {}; }
};

/// Read a whole document without building it. Invalid UTF-8 becomes U+FFFD. Error: bad_response for
/// what is no JSON or nests too deep, or the visitor's own.
Status read_json(std::string_view text, JsonVisitor& visitor);

/// "a text", "an object": for messages about a wrong one.
std::string_view kind_name(JsonKind kind);

}  // namespace gds::drive
