#include "trust.h"

#include "ca_bundle.h"
#include "easy.h"
#include "gds/base/fd.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <vector>

namespace gds::http {

namespace {

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};

Error unusable(const std::string& path, std::string_view why) {
    return error(Code::invalid_argument,
                 fmt::format("--ca-cert {}: {}; give a file of PEM certificates", path, why));
}

Result<std::vector<Certificate>> read_certificates(const std::string& path) {
    const Result<std::string> text = read_small_file(path, 16U << 20U);
    if (!text) {
        return unusable(path, text.error().message);
    }
    const std::unique_ptr<BIO, FreeBio> bio(
        BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    // OpenSSL would ask a terminal for the passphrase of what is encrypted: it is refused instead.
    const auto refuse = [](char*, int, int, void*) { return -1; };
    std::vector<Certificate> certificates;
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, refuse, nullptr)) {
        certificates.emplace_back(certificate);
    }
    // The loop ends either at the end of the file ("no start line") or at something broken.
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) {
        return unusable(
            path, fmt::format("certificate {} in it cannot be read", certificates.size() + 1));
    }
    if (certificates.empty()) {
        return unusable(path, "no certificate in it");
    }
    return certificates;
}

/// Where OpenSSL gets the certificates that a store does not hold yet: a CaBundle.
class BundleLookup {
public:
    /// False where OpenSSL takes it not.
    static bool add_to(X509_STORE* store, const std::string& bundle) {
        static const BundleLookup instance;
        X509_LOOKUP* lookup = X509_STORE_add_lookup(store, instance.method_.get());
        return lookup != nullptr && X509_LOOKUP_set_method_data(lookup, new CaBundle(bundle)) == 1;
    }

private:
    struct Free {
        void operator()(X509_LOOKUP_METHOD* method) const { X509_LOOKUP_meth_free(method); }
    };

    BundleLookup() : method_(X509_LOOKUP_meth_new("certificates of a PEM file, decoded late")) {
        X509_LOOKUP_meth_set_get_by_subject(method_.get(), &BundleLookup::find);
        X509_LOOKUP_meth_set_free(method_.get(), [](X509_LOOKUP* lookup) {
            delete static_cast<CaBundle*>(X509_LOOKUP_get_method_data(lookup));
        });
    }

    static int find(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* subject,
                    X509_OBJECT* answer) noexcept try {
        auto* bundle = static_cast<CaBundle*>(X509_LOOKUP_get_method_data(lookup));
        if (type != X509_LU_X509 || bundle == nullptr) {
            return 0;
        }
        X509_STORE* store = X509_LOOKUP_get_store(lookup);
        X509* found = nullptr;
        for (const Certificate& one : bundle->find(subject)) {
            const bool stored = X509_STORE_add_cert(store, one.get()) == 1;
            if (stored && X509_NAME_cmp(X509_get_subject_name(one.get()), subject) == 0) {
                found = one.get();
            }
        }
        if (found == nullptr || X509_OBJECT_set1_X509(answer, found) != 1) {
            return 0;
        }
        // Whoever asks takes a reference of its own: the answer is to hold none but the store's.
        X509_free(found);
        return 1;
    } catch (...) {
        return 0;  // nothing may be thrown through OpenSSL's C frames
    }

    std::unique_ptr<X509_LOOKUP_METHOD, Free> method_;
};

bool add_directory(X509_STORE* store, const std::string& directory) {
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    return lookup != nullptr &&
           X509_LOOKUP_add_dir(lookup, directory.c_str(), X509_FILETYPE_PEM) == 1;
}

}  // namespace

SystemTrust system_trust() {
    const Easy easy;
    return {easy.info_text(CURLINFO_CAINFO), easy.info_text(CURLINFO_CAPATH)};
}

void Trust::Free::operator()(X509_STORE* store) const {
    X509_STORE_free(store);
}

Result<Trust> Trust::load(const std::string& extra, const SystemTrust& system) {
    Trust trust;
    trust.store_.reset(X509_STORE_new());
    X509_STORE* store = trust.store_.get();
    // As curl does: a certificate in the middle of a chain may be trusted by itself.
    bool whole = store != nullptr && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
    if (!extra.empty()) {
        for (const Certificate& one : GDS_TRY(read_certificates(extra))) {
            whole = whole && X509_STORE_add_cert(store, one.get()) == 1;
        }
    }
    whole = whole && BundleLookup::add_to(store, system.bundle) &&
            (system.directory.empty() || add_directory(store, system.directory));
    if (!whole) {
        ERR_clear_error();
        return error(Code::internal, "OpenSSL takes no certificates");
    }
    return trust;
}

void Trust::use_in(SSL_CTX* context) const noexcept {
    SSL_CTX_set1_cert_store(context, store_.get());
}

}  // namespace gds::http
