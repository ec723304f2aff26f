#include "zip.h"

#include <array>

namespace emulator {
namespace {

void put16(std::string& out, std::uint32_t value) {
    out += static_cast<char>(value & 255U);
    out += static_cast<char>(value >> 8U & 255U);
}

void put32(std::string& out, std::uint32_t value) {
    put16(out, value & 0xffffU);
    put16(out, value >> 16U);
}

/// CRC-32 as ZIP uses it (ISO 3309), by table.
std::uint32_t crc32(std::string_view bytes) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> t{};
        for (std::uint32_t n = 0; n < 256; ++n) {
            std::uint32_t c = n;
            for (int bit = 0; bit < 8; ++bit) {
                c = (c & 1U) != 0 ? 0xedb88320U ^ c >> 1U : c >> 1U;
            }
            t.at(n) = c;
        }
        return t;
    }();
    std::uint32_t crc = 0xffffffffU;
    for (const char c : bytes) {
        crc = table.at((crc ^ static_cast<unsigned char>(c)) & 255U) ^ crc >> 8U;
    }
    return ~crc;
}

constexpr std::uint32_t kVersion = 20;
constexpr std::uint32_t kDate = (45U << 9U) | (1U << 5U) | 1U;  // 2025-01-01

}  // namespace

void Zip::add(std::string_view name, std::string_view bytes) {
    const auto offset = static_cast<std::uint32_t>(out_.size());
    std::string common;
    put16(common, kVersion);
    put16(common, 0);
    put16(common, 0);
    put16(common, stamp_);
    put16(common, kDate);
    put32(common, crc32(bytes));
    put32(common, static_cast<std::uint32_t>(bytes.size()));
    put32(common, static_cast<std::uint32_t>(bytes.size()));
    put16(common, static_cast<std::uint32_t>(name.size()));
    put16(common, 0);

    put32(out_, 0x04034b50);
    out_.append(common).append(name).append(bytes);

    put32(directory_, 0x02014b50);
    put16(directory_, kVersion);
    directory_.append(common);
    put16(directory_, 0);  // comment
    put16(directory_, 0);  // disk
    put16(directory_, 0);  // internal attributes
    put32(directory_, 0);  // external attributes
    put32(directory_, offset);
    directory_.append(name);
    ++count_;
}

std::string Zip::finish() {
    const auto offset = static_cast<std::uint32_t>(out_.size());
    out_.append(directory_);
    put32(out_, 0x06054b50);
    put32(out_, 0);
    put16(out_, count_);
    put16(out_, count_);
    put32(out_, static_cast<std::uint32_t>(directory_.size()));
    put32(out_, offset);
    put16(out_, 0);
    return std::move(out_);
}

}  // namespace emulator
