#pragma once

#include "gds/base/result.h"
#include "gds/model/item.h"
#include "gds/state/store.h"

#include <cstddef>
#include <functional>
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
    /// After the last page, and before anything is looked up. False: it cannot stand for the
    /// folders' own lists, since an item lies, or was shown, in several of them.
    Result<bool> complete();
    using Each = std::function<Status(const std::vector<model::Item>&)>;
    /// The children of `folder`, some at a time; of one that was shown twice, the later state last.
    Status for_each_child(const std::string& folder, const Each& each);
    /// It was not shown in the folder that it is recorded in.
    Result<bool> lacks(state::ItemNo item);
    /// Forget all of it.
    Status clear();

private:
    state::Database& db_;
    std::vector<std::size_t> shown_;  ///< hashes of ids
    bool ambiguous_ = false;
};

}  // namespace gds::run
