#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"

#include <string>
#include <utility>
#include <vector>

namespace gds::drive {

// Bodies of accepted answers, read without building a document. Unknown fields are ignored, null is
// absent; a missing required field or one of the wrong type is bad_response.

using ExportLinks = std::vector<std::pair<std::string, std::string>>;

Result<model::Item> parse_item(const std::string& body);
Result<Page> parse_page(const std::string& body);
Result<ChangePage> parse_changes(const std::string& body);
Result<Account> parse_account(const std::string& body);
Result<SharedDrive> parse_shared_drive(const std::string& body);
Result<std::string> parse_start_page_token(const std::string& body);
Result<ExportLinks> parse_export_links(const std::string& body);

}  // namespace gds::drive
