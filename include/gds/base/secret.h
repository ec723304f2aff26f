#pragma once

#include <string>
#include <utility>

namespace gds {

/// A string that must never be printed: it has no formatter and no stream operator.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    /// The text itself, for the one place that sends it.
    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

private:
    std::string value_;
};

}  // namespace gds
