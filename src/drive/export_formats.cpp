#include "gds/drive/api.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace gds::drive {

namespace {

// developers.google.com/workspace/drive/api/guides/ref-export-formats. Fixed, so that no failed
// about.get can make every document look as if it could not be exported.
struct Row {
    std::string_view type;  ///< after application/vnd.google-apps.
    std::string_view extension;
    std::string_view mime_type;
};

constexpr std::array kRows = {
    Row{"document", "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Row{"document", "odt", "application/vnd.oasis.opendocument.text"},
    Row{"document", "rtf", "application/rtf"},
    Row{"document", "pdf", "application/pdf"},
    Row{"document", "txt", "text/plain"},
    Row{"document", "html", "text/html"},
    Row{"document", "zip", "application/zip"},
    Row{"document", "epub", "application/epub+zip"},
    Row{"document", "md", "text/markdown"},
    Row{"spreadsheet", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    Row{"spreadsheet", "ods", "application/vnd.oasis.opendocument.spreadsheet"},
    Row{"spreadsheet", "pdf", "application/pdf"},
    Row{"spreadsheet", "zip", "application/zip"},
    Row{"spreadsheet", "csv", "text/csv"},
    Row{"spreadsheet", "tsv", "text/tab-separated-values"},
    Row{"presentation", "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    Row{"presentation", "odp", "application/vnd.oasis.opendocument.presentation"},
    Row{"presentation", "pdf", "application/pdf"},
    Row{"presentation", "txt", "text/plain"},
    Row{"drawing", "svg", "image/svg+xml"},
    Row{"drawing", "png", "image/png"},
    Row{"drawing", "jpg", "image/jpeg"},
    Row{"drawing", "pdf", "application/pdf"},
    Row{"script", "json", "application/vnd.google-apps.script+json"},
    Row{"jam", "pdf", "application/pdf"},
};

/// ".JPEG" and "jpg" are one: the form the table has.
std::string canonical(std::string_view extension) {
    if (!extension.empty() && extension.front() == '.') {
        extension.remove_prefix(1);
    }
    std::string lower;
    for (const char c : extension) {
        lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return lower == "jpeg" ? "jpg" : lower;
}

}  // namespace

std::optional<ExportFormat> export_format(std::string_view mime_type,
                                          const std::vector<std::string>& preferences) {
    static constexpr std::string_view kPrefix = "application/vnd.google-apps.";
    if (mime_type.substr(0, kPrefix.size()) != kPrefix) {
        return std::nullopt;
    }
    mime_type.remove_prefix(kPrefix.size());
    for (const std::string& preference : preferences) {
        const std::string extension = canonical(preference);
        const auto* const row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) {
            return r.type == mime_type && r.extension == extension;
        });
        if (row != kRows.end()) {
            return ExportFormat{extension, std::string(row->mime_type)};
        }
    }
    return std::nullopt;
}

bool is_export_extension(std::string_view extension) {
    const std::string wanted = canonical(extension);
    return std::any_of(kRows.begin(), kRows.end(),
                       [&](const Row& row) { return row.extension == wanted; });
}

}  // namespace gds::drive
