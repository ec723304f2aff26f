#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"

#include <string>
#include <unordered_set>

namespace gds::drive {

/// Follows the pages of one list and refuses what would make it endless or short.
class PageCursor {
public:
    /// Error: incomplete for incompleteSearch, for a token that came before, and for a run of empty
    /// pages without end.
    Status advance(const Page& page);
    [[nodiscard]] const std::string& token() const { return token_; }
    /// True after the last page.
    [[nodiscard]] bool at_end() const { return token_.empty(); }

private:
    std::string token_;
    std::unordered_set<std::string> seen_;
    int empty_pages_ = 0;
};

}  // namespace gds::drive
