#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emulator {

/// Writes a ZIP archive (APPNOTE 6.3), entries stored without compression.
class Zip {
public:
    /// `stamp` goes into each entry's time, so that archives made at different times differ.
    explicit Zip(std::uint16_t stamp) : stamp_(stamp) {}
    void add(std::string_view name, std::string_view bytes);
    /// The whole archive; nothing may follow.
    std::string finish();

private:
    std::uint16_t stamp_;
    std::uint16_t count_ = 0;
    std::string out_;
    std::string directory_;
};

}  // namespace emulator
