#include "trust.h"

#include "gds/base/fd.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

namespace gds::http {

namespace {

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};

Error unusable(const std::string& path, std::string_view why) {
    return error(Code::invalid_argument,
                 fmt::format("--ca-cert {}: {}; give a file of PEM certificates", path, why));
}

}  // namespace

void ExtraTrust::Free::operator()(X509* certificate) const {
    X509_free(certificate);
}

Result<ExtraTrust> ExtraTrust::load(const std::string& path) {
    ExtraTrust trust;
    if (path.empty()) {
        return trust;
    }
    const Result<std::string> text = read_small_file(path, 16U << 20U);
    if (!text) {
        return unusable(path, text.error().message);
    }
    const std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    // OpenSSL would ask a terminal for the passphrase of what is encrypted: it is refused instead.
    const auto refuse = [](char*, int, int, void*) { return -1; };
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, refuse, nullptr)) {
        trust.certificates_.emplace_back(certificate);
    }
    // The loop ends either at the end of the file ("no start line") or at something broken.
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) {
        return unusable(path, fmt::format("certificate {} in it cannot be read",
                                          trust.certificates_.size() + 1));
    }
    if (trust.empty()) {
        return unusable(path, "no certificate in it");
    }
    return trust;
}

bool ExtraTrust::add_to(SSL_CTX* context) const noexcept {
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    return std::all_of(certificates_.begin(), certificates_.end(), [&](const auto& certificate) {
        return X509_STORE_add_cert(store, certificate.get()) == 1;
    });
}

}  // namespace gds::http
