#include "json_reader.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace gds::drive {

namespace {

using Json = nlohmann::json;

// Answers of Drive nest six deep; a bound keeps hostile ones from filling memory.
constexpr std::size_t kMaxDepth = 64;

/// Translates the library's events to values with paths.
class PathSax final : public nlohmann::json_sax<Json> {
public:
    explicit PathSax(JsonVisitor& visitor) : visitor_(visitor) {}

    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

    bool null() override { return scalar({.kind = JsonKind::null}); }
    bool boolean(bool value) override {
        return scalar({.kind = JsonKind::boolean, .boolean = value});
    }
    bool number_integer(number_integer_t value) override {
        return scalar({.kind = JsonKind::integer, .integer = value});
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
            return scalar({.kind = JsonKind::real});
        }
        return scalar({.kind = JsonKind::integer, .integer = static_cast<std::int64_t>(value)});
    }
    bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
        return scalar({.kind = JsonKind::real});
    }
    bool string(string_t& text) override {
        return scalar({.kind = JsonKind::text, .text = std::move(text)});
    }
    bool binary(binary_t& /*value*/) override { return fail("holds binary data"); }

    bool start_object(std::size_t /*elements*/) override { return start(JsonKind::object); }
    bool start_array(std::size_t /*elements*/) override { return start(JsonKind::array); }
    bool end_object() override { return end(); }
    bool end_array() override { return end(); }
    bool key(string_t& text) override {
        path_.resize(levels_.back().length);
        if (!path_.empty()) {
            path_ += '.';
        }
        path_ += text;
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*reason*/) override {
        return fail(fmt::format("is not JSON (byte {})", position));
    }

private:
    struct Level {
        std::size_t length;  ///< of the path of the container itself
        bool array;
    };

    /// An element of an array has no key: give its path the mark of one.
    void enter_element() {
        if (!levels_.empty() && levels_.back().array) {
            path_.resize(levels_.back().length);
            path_ += "[]";
        }
    }
    bool scalar(JsonValue value) {
        enter_element();
        return keep(visitor_.value(path_, value));
    }
    bool start(JsonKind kind) {
        if (levels_.size() == kMaxDepth) {
            return fail("nests too deep");
        }
        enter_element();
        levels_.push_back({path_.size(), kind == JsonKind::array});
        JsonValue value{.kind = kind};
        return keep(visitor_.value(path_, value));
    }
    bool end() {
        path_.resize(levels_.back().length);
        levels_.pop_back();
        return keep(visitor_.end(path_));
    }
    bool keep(Status status) {
        if (!status) {
            failure_ = std::move(status).error();
        }
        return !failure_;
    }
    bool fail(std::string_view what) {
        failure_ = error(Code::bad_response, fmt::format("the answer {}", what));
        return false;
    }

    JsonVisitor& visitor_;
    std::string path_;
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

}  // namespace

Status read_json(std::string_view text, JsonVisitor& visitor) {
    std::string repaired;
    if (!is_utf8(text)) {
        repaired = with_valid_utf8(text);
        text = repaired;
    }
    PathSax sax(visitor);
    try {
        if (Json::sax_parse(text.begin(), text.end(), &sax)) {
            return {};
        }
    } catch (const Json::exception&) {
        // Told below.
    }
    return sax.failure().value_or(error(Code::bad_response, "the answer is not JSON"));
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
