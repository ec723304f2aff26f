#include "cipher_order.h"

#include <fmt/ranges.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace gds::http {

namespace {

constexpr std::string_view kAes128 = "TLS_AES_128_GCM_SHA256";
constexpr std::string_view kAes256 = "TLS_AES_256_GCM_SHA384";

std::vector<std::string_view> offered_suites(const SSL_CTX* context) {
    const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(context);
    std::vector<std::string_view> suites;
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
        const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
        if (std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.3") {
            suites.emplace_back(SSL_CIPHER_get_name(cipher));
        }
    }
    return suites;
}

}  // namespace

void prefer_cheaper_aes(SSL_CTX* context) noexcept {
    try {
        auto suites = offered_suites(context);
        const auto dear = std::find(suites.begin(), suites.end(), kAes256);
        const auto cheap = std::find(dear, suites.end(), kAes128);
        if (cheap != suites.end()) {
            std::iter_swap(dear, cheap);
            SSL_CTX_set_ciphersuites(context, fmt::format("{}", fmt::join(suites, ":")).c_str());
        }
    } catch (const std::exception&) {
        return;  // the order is no more than a wish
    }
}

}  // namespace gds::http
