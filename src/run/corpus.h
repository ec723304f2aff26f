#pragma once

#include "gds/base/result.h"
#include "gds/model/item.h"
#include "gds/state/database.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gds::run {

/// What a flat listing of the account showed, put aside: what of it lies in the mirrored folder is
/// known only once its last page has come, since an item may come long before its folder. In a
/// temporary table (`corpus`), as an account may be far larger than what is mirrored of it, and the
/// database is to hold nothing of the rest.
class Corpus {
public:
    explicit Corpus(state::Database& db) : db_(db) {}

    Status add(const std::vector<model::Item>& page);
    /// Some children of `folder`, those after number `after`, which moves on; none at the end.
    Result<std::vector<model::Item>> children(const std::string& folder, std::int64_t& after);
    /// It cannot stand for the folders' own lists: an item lies in several folders.
    [[nodiscard]] bool ambiguous() const { return ambiguous_; }
    /// Forget all of it.
    Status clear();

private:
    state::Database& db_;
    bool ambiguous_ = false;
};

}  // namespace gds::run
