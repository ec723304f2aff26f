#include "gds/base/base64.h"

#include <cstddef>

namespace gds {

namespace {

constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64(std::string_view bytes, Base64Form form) {
    const std::string_view alphabet =
        form == Base64Form::standard ? kStandardAlphabet : kUrlAlphabet;
    std::string result;
    result.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            const bool there = i + k < bytes.size();
            group = group << 8U | (there ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            const bool there = i + k <= bytes.size();
            result += there ? alphabet[group >> (18 - 6 * k) & 0x3FU] : '=';
        }
    }
    return result;
}

Result<std::string> from_base64(std::string_view text) {
    const Error invalid = error(Code::invalid_argument, "not base64");
    const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
    text.remove_suffix(padding);
    if (padding > 2 || text.size() % 4 == 1 || (padding > 0 && (text.size() + padding) % 4 != 0)) {
        return invalid;
    }
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    unsigned group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t value = kStandardAlphabet.find(c);
        if (value == std::string_view::npos) {
            return invalid;
        }
        group = (group << 6U | static_cast<unsigned>(value)) & 0xFFFFFU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 0xFFU);
        }
    }
    return bytes;
}

}  // namespace gds
