#include "gds/base/text.h"
#include "gds/transfer/downloads.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace gds::transfer {

namespace {

/// How a format's files begin, and what they end with or hold near their end.
struct Shape {
    std::string_view extensions;  ///< each between spaces
    std::string_view begins;
    std::string_view near_end;
};

using namespace std::string_view_literals;

constexpr std::array kShapes{
    // A zip archive: a local file header first, an end-of-central-directory record last.
    Shape{" docx xlsx pptx odt ods odp epub zip ", "PK\x03\x04"sv, "PK\x05\x06"sv},
    Shape{" pdf ", "%PDF-"sv, "%%EOF"sv},
    Shape{" png ", "\x89PNG\r\n\x1a\n"sv, "IEND"sv},
    Shape{" jpg jpeg ", "\xff\xd8\xff"sv, "\xff\xd9"sv},
    Shape{" svg ", "<"sv, "</svg>"sv},
    Shape{" rtf ", "{\\rtf"sv, "}"sv},
};

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

/// The type without parameters (RFC 9110 section 8.3.1).
std::string media_type(std::string_view content_type) {
    return lower(trim(content_type.substr(0, content_type.find(';'))));
}

const Shape* shape_of(const FormatCheck& format) {
    const auto wanted = " " + lower(format.extension) + " ";
    const auto* found = std::find_if(kShapes.begin(), kShapes.end(), [&](const Shape& shape) {
        return shape.extensions.find(wanted) != std::string_view::npos;
    });
    return found == kShapes.end() ? nullptr : found;
}

/// Text formats may begin with a byte order mark and white space.
std::string_view skip_lead(std::string_view bytes) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (bytes.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        bytes.remove_prefix(kByteOrderMark.size());
    }
    return trim(bytes);
}

bool begins_with(std::string_view bytes, const Shape& shape) {
    if (shape.begins != "<"sv) {
        return bytes.substr(0, shape.begins.size()) == shape.begins;
    }
    const auto text = lower(skip_lead(bytes).substr(0, 64));
    constexpr std::array kOpenings{"<?xml"sv, "<svg"sv, "<!--"sv, "<!doctype svg"sv};
    return std::any_of(kOpenings.begin(), kOpenings.end(), [&](std::string_view opening) {
        return text.substr(0, opening.size()) == opening;
    });
}

Error refused(const FormatCheck& format, std::string_view what) {
    return error(Code::bad_response,
                 fmt::format("the export is no {} file: {}", format.extension, what));
}

}  // namespace

Status check_export(const FormatCheck& format, std::string_view content_type,
                    std::string_view first_bytes, std::string_view last_bytes) {
    const auto type = media_type(content_type);
    if (type != lower(format.mime_type)) {
        return refused(format, fmt::format("it came as '{}'", printable(type)));
    }
    const Shape* shape = shape_of(format);
    if (shape == nullptr) {
        return {};
    }
    if (!begins_with(first_bytes, *shape)) {
        return refused(format, "it does not begin like one");
    }
    if (last_bytes.find(shape->near_end) == std::string_view::npos) {
        return refused(format, "its end is missing");
    }
    return {};
}

}  // namespace gds::transfer
