#pragma once

#include "item.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace emulator {

/// What a query asks about an item beyond its own fields.
struct QueryContext {
    std::function<bool(const Item&)> trashed;
    std::string my_email;
    std::string root_id;
    bool ignore_case = true;
};

/// A search expression: the `q` parameter of files.list (Drive guide "search query terms").
class Query {
public:
    /// An empty text matches everything. The error says what is wrong with it.
    static tl::expected<Query, std::string> parse(std::string_view text);

    [[nodiscard]] bool matches(const Item& item, const QueryContext& context) const;
    /// The parents one of which every match must have; nullopt where any parent would do.
    [[nodiscard]] std::optional<std::vector<std::string>> parents() const;

    /// One node of the expression.
    struct Term {
        enum class Kind { all, any, negation, parent, owner, comparison };
        Kind kind = Kind::all;
        std::vector<Term> terms;       ///< of all, any, negation
        std::string field, op, value;  ///< of parent and owner only the value
    };

private:
    Term term_;
};

}  // namespace emulator
