#include "digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <vector>

namespace emulator {
namespace {

const EVP_MD* algorithm(Hash kind) {
    switch (kind) {
        case Hash::md5: return EVP_md5();
        case Hash::sha1: return EVP_sha1();
        case Hash::sha256: break;
    }
    return EVP_sha256();
}

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

struct Hasher::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Hasher::Hasher(Hash kind) : state_(std::make_unique<State>()) {
    EVP_DigestInit_ex(state_->context, algorithm(kind), nullptr);
}

Hasher::~Hasher() {
    EVP_MD_CTX_free(state_->context);
}

void Hasher::update(std::string_view bytes) {
    EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Hasher::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    EVP_DigestFinal_ex(state_->context, out.data(), &length);
    return {out.begin(), out.begin() + length};
}

std::string digest(Hash kind, std::string_view bytes) {
    Hasher hasher(kind);
    hasher.update(bytes);
    return hasher.finish();
}

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

std::string to_base64url(std::string_view bytes) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : bytes) {
        bits = bits << 8U | static_cast<unsigned char>(c);
        for (held += 8; held >= 6; held -= 6) {
            out += kAlphabet[bits >> (held - 6) & 63U];
        }
    }
    if (held > 0) {
        out += kAlphabet[bits << (6 - held) & 63U];
    }
    return out;
}

std::string from_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (char c : text) {
        if (c == '=') {
            break;
        }
        c = c == '+' ? '-' : c == '/' ? '_' : c;
        const auto value = kAlphabet.find(c);
        if (value == std::string_view::npos) {
            return {};
        }
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>(bits >> held & 255U);
        }
    }
    return out;
}

std::string random_token(std::size_t bytes) {
    std::vector<unsigned char> raw(bytes);
    if (RAND_bytes(raw.data(), static_cast<int>(bytes)) != 1) {
        return {};
    }
    return to_base64url(std::string(raw.begin(), raw.end()));
}

}  // namespace emulator
