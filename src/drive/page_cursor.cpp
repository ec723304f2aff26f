#include "page_cursor.h"

#include <fmt/core.h>

namespace gds::drive {

namespace {

// Empty pages before the end are legal; nobody has reported more than a handful in a row.
constexpr int kMaxEmptyPages = 1000;

}  // namespace

Status PageCursor::advance(const Page& page) {
    if (page.incomplete) {
        return error(Code::incomplete, "Drive says that its list is not whole (incompleteSearch)");
    }
    empty_pages_ = page.items.empty() ? empty_pages_ + 1 : 0;
    if (empty_pages_ > kMaxEmptyPages) {
        return error(Code::incomplete,
                     fmt::format("more than {} empty pages in a row", kMaxEmptyPages));
    }
    token_ = page.next_page_token;
    if (!token_.empty() && !seen_.insert(token_).second) {
        return error(Code::incomplete, "Drive gave the same page token twice");
    }
    return {};
}

}  // namespace gds::drive
