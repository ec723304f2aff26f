#pragma once

#include "item.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace emulator {

/// One form a Google document can be exported to.
struct ExportForm {
    std::string_view document;   ///< the part of its mimeType after application/vnd.google-apps.
    std::string_view mime_type;  ///< of the export
    std::string_view extension;  ///< as exportLinks name it
};

/// All pairs of document type and export type (Drive guide "export MIME types").
std::span<const ExportForm> export_forms();
/// True where `form` is one for items of `mime_type`.
bool fits(const ExportForm& form, std::string_view mime_type);

/// The exported bytes of a document: its text in a valid file of that form. `serial` varies them.
std::string render_export(const ExportForm& form, const Item& item, std::uint64_t serial);

}  // namespace emulator
