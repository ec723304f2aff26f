#pragma once

#include "gds/volume/trash.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gds::volume {

inline constexpr std::string_view kManifestName = "manifest.jsonl";

/// DEST/.gdrive-sync/trash and a run's folder in it. Error: invalid_argument where `run_id` is no
/// single name.
std::string trash_path();
Result<std::string> trash_run_path(std::string_view run_id);

/// The manifest's first line, which says when the run began to fill the trash.
std::string manifest_header(std::string_view run_id, std::int64_t created_ms);
/// nullopt where the line is no header of this schema.
std::optional<std::int64_t> created_of_header(std::string_view line);

/// One line of a manifest. A path that is no UTF-8, which JSON cannot hold, is written in hex.
std::string manifest_line(const TrashEntry& entry);
/// nullopt for a torn or foreign line.
std::optional<TrashEntry> parse_manifest_line(std::string_view line);

/// The lines of a run's manifest, without their newlines, until `each` returns false; a last line
/// without newline was never durable and is left out. Error: not_found, io.
Status read_manifest_lines(const Volume& volume, const std::string& folder,
                           const std::function<bool(std::string_view)>& each);

}  // namespace gds::volume
