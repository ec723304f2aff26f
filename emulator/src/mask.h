#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace emulator {

/// A `fields` parameter: which members an answer has. "a,b(c,d/e),f(*)" and "*".
class Mask {
public:
    /// Everything.
    static Mask everything();
    /// The error is the part that is no field selection.
    static tl::expected<Mask, std::string> parse(std::string_view text);

    [[nodiscard]] bool has(std::string_view field) const;
    /// What is selected within `field`; everything where nothing narrower was said.
    [[nodiscard]] const Mask& within(std::string_view field) const;
    /// Fields named at this level, for checking them against what exists.
    [[nodiscard]] const std::map<std::string, Mask, std::less<>>& named() const { return fields_; }
    [[nodiscard]] bool is_everything() const { return all_; }

private:
    friend class MaskParser;
    bool all_ = false;
    std::map<std::string, Mask, std::less<>> fields_;
};

}  // namespace emulator
