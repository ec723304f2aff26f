#include "json_reader.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace gds::drive {

namespace {

namespace json = boost::json;

// Answers of Drive nest six deep; a bound keeps hostile ones from filling memory.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

/// Translates the library's events, which its documentation of basic_parser describes, to values
/// with paths. Everywhere else JSON is nlohmann's; that one takes four times as long for a page of
/// a listing.
class PathHandler {
public:
    // What comes is bounded by the longest body that is taken. The names are the library's.
    // NOLINTBEGIN(readability-identifier-naming)
    static constexpr std::size_t max_object_size = kNoBound;
    static constexpr std::size_t max_array_size = kNoBound;
    static constexpr std::size_t max_key_size = kNoBound;
    static constexpr std::size_t max_string_size = kNoBound;
    // NOLINTEND(readability-identifier-naming)

    explicit PathHandler(JsonVisitor& visitor) : visitor_(visitor) {}

    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

    bool on_document_begin(json::error_code& /*ended*/) { return true; }
    bool on_document_end(json::error_code& /*ended*/) { return true; }

    bool on_object_begin(json::error_code& ended) { return start(JsonKind::object, ended); }
    bool on_array_begin(json::error_code& ended) { return start(JsonKind::array, ended); }
    bool on_object_end(std::size_t /*count*/, json::error_code& ended) { return end(ended); }
    bool on_array_end(std::size_t /*count*/, json::error_code& ended) { return end(ended); }

    // A text that needs no work comes whole, and is not copied.
    bool on_key_part(json::string_view part, std::size_t /*size*/, json::error_code& /*ended*/) {
        text_ += part;
        return true;
    }
    bool on_key(json::string_view part, std::size_t /*size*/, json::error_code& /*ended*/) {
        enter(whole(part));
        text_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t /*size*/, json::error_code& /*ended*/) {
        text_ += part;
        return true;
    }
    bool on_string(json::string_view part, std::size_t /*size*/, json::error_code& ended) {
        const bool kept = scalar({.kind = JsonKind::text, .text = whole(part)}, ended);
        text_.clear();
        return kept;
    }

    bool on_number_part(json::string_view /*part*/, json::error_code& /*ended*/) { return true; }
    bool on_int64(std::int64_t value, json::string_view /*text*/, json::error_code& ended) {
        return scalar({.kind = JsonKind::integer, .integer = value}, ended);
    }
    // Only what does not fit into on_int64() comes here.
    bool on_uint64(std::uint64_t /*value*/, json::string_view /*text*/, json::error_code& ended) {
        return scalar({.kind = JsonKind::real}, ended);
    }
    bool on_double(double /*value*/, json::string_view /*text*/, json::error_code& ended) {
        return scalar({.kind = JsonKind::real}, ended);
    }
    bool on_bool(bool value, json::error_code& ended) {
        return scalar({.kind = JsonKind::boolean, .boolean = value}, ended);
    }
    bool on_null(json::error_code& ended) { return scalar({.kind = JsonKind::null}, ended); }

    bool on_comment_part(json::string_view /*part*/, json::error_code& /*ended*/) { return true; }
    bool on_comment(json::string_view /*part*/, json::error_code& /*ended*/) { return true; }

private:
    struct Level {
        std::size_t length;  ///< of the path of the container itself
        bool array;
    };

    std::string_view whole(json::string_view last) {
        if (text_.empty()) {
            return {last.data(), last.size()};
        }
        return text_ += last;
    }
    void enter(std::string_view key) {
        path_.resize(levels_.back().length);
        if (!path_.empty()) {
            path_ += '.';
        }
        path_ += key;
    }
    /// An element of an array has no key: give its path the mark of one.
    void enter_element() {
        if (!levels_.empty() && levels_.back().array) {
            path_.resize(levels_.back().length);
            path_ += "[]";
        }
    }
    bool scalar(JsonValue value, json::error_code& ended) {
        enter_element();
        return keep(visitor_.value(path_, value), ended);
    }
    bool start(JsonKind kind, json::error_code& ended) {
        if (levels_.size() == kMaxDepth) {
            return keep(error(Code::bad_response, "the answer nests too deep"), ended);
        }
        enter_element();
        levels_.push_back({path_.size(), kind == JsonKind::array});
        JsonValue value{.kind = kind};
        return keep(visitor_.value(path_, value), ended);
    }
    bool end(json::error_code& ended) {
        path_.resize(levels_.back().length);
        levels_.pop_back();
        return keep(visitor_.end(path_), ended);
    }
    bool keep(Status status, json::error_code& ended) {
        if (!status) {
            failure_ = std::move(status).error();
            ended = json::error_code(ECANCELED, boost::system::generic_category());
        }
        return !failure_;
    }

    JsonVisitor& visitor_;
    std::string path_;
    std::string text_;  ///< of a key or text that comes in parts, what came of it
    std::vector<Level> levels_;
    std::optional<Error> failure_;
};

std::string with_valid_utf8(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        result += length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

/// The UTF-16 code unit that an escape at the beginning of `text` stands for: \uXXXX (RFC 8259,
/// section 7). 0 where there is none.
unsigned escaped_unit(std::string_view text) {
    constexpr std::size_t kLength = 6;
    unsigned unit = 0;
    if (text.size() >= kLength && text.substr(0, 2) == "\\u") {
        const char* end = text.data() + kLength;
        const auto read = std::from_chars(text.data() + 2, end, unit, 16);
        unit = read.ptr == end ? unit : 0;
    }
    return unit;
}

bool is_high_surrogate(unsigned unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(unsigned unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

/// Names are UTF-16 where they were made, and may have been cut within a character. The library
/// takes half of one for no JSON.
std::string with_whole_characters(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (;;) {
        const std::size_t escape = std::min(text.find('\\'), text.size());
        result += text.substr(0, escape);
        text.remove_prefix(escape);
        if (text.empty()) {
            return result;
        }
        const unsigned unit = escaped_unit(text);
        const unsigned next = text.size() > 6 ? escaped_unit(text.substr(6)) : 0;
        const bool pair = is_high_surrogate(unit) && is_low_surrogate(next);
        const bool half = !pair && (is_high_surrogate(unit) || is_low_surrogate(unit));
        const std::size_t length = std::min<std::size_t>(pair ? 12 : half ? 6 : 2, text.size());
        result += half ? std::string_view("\\uFFFD") : text.substr(0, length);
        text.remove_prefix(length);
    }
}

bool has_surrogate(std::string_view text) {
    return text.find("\\ud") != text.npos || text.find("\\uD") != text.npos;
}

}  // namespace

Status read_json(std::string_view text, JsonVisitor& visitor) {
    std::string repaired;
    if (!is_utf8(text)) {
        repaired = with_valid_utf8(text);
        text = repaired;
    }
    if (has_surrogate(text)) {
        repaired = with_whole_characters(text);
        text = repaired;
    }
    json::parse_options options;
    options.max_depth = kMaxDepth + 1;  // the handler says what is wrong
    options.allow_invalid_utf8 = true;  // there is none by now
    json::basic_parser<PathHandler> parser(options, visitor);
    json::error_code problem;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), problem);
    if (const auto& failure = parser.handler().failure()) {
        return *failure;
    }
    if (problem.failed() || read < text.size()) {
        return error(Code::bad_response, fmt::format("the answer is not JSON (byte {})", read));
    }
    return {};
}

std::string_view kind_name(JsonKind kind) {
    switch (kind) {
        case JsonKind::null: return "null";
        case JsonKind::boolean: return "a boolean";
        case JsonKind::integer: return "an integer";
        case JsonKind::real: return "a number";
        case JsonKind::text: return "a text";
        case JsonKind::object: return "an object";
        case JsonKind::array: return "an array";
    }
    return "something else";
}

}  // namespace gds::drive
