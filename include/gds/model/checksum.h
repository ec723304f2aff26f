#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace gds::model {

/// The raw bytes of a checksum, up to SHA-256's 32, where they need no memory of their own; empty
/// for none, which is also what more bytes than that make.
class Checksum {
public:
    static constexpr std::size_t kLongest = 32;

    Checksum() = default;
    explicit Checksum(std::string_view raw)
        : size_(static_cast<std::uint8_t>(raw.size() <= kLongest ? raw.size() : 0)) {
        std::copy_n(raw.begin(), size_, bytes_.begin());
    }
    Checksum& operator=(std::string_view raw) { return *this = Checksum(raw); }

    [[nodiscard]] std::string_view bytes() const { return {bytes_.data(), size_}; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    friend bool operator==(const Checksum& a, const Checksum& b) { return a.bytes() == b.bytes(); }
    friend bool operator==(const Checksum& a, std::string_view b) { return a.bytes() == b; }

private:
    std::array<char, kLongest> bytes_{};
    std::uint8_t size_ = 0;
};

}  // namespace gds::model
