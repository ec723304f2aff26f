#include "tls.h"

#include "free_with.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace emulator {
namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

constexpr std::array<std::string_view, 7> kHosts = {
    "www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com",
    "docs.google.com",    "drive.google.com",      "localhost",
    "127.0.0.1"};

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension != nullptr) {
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
}

/// A certificate without extensions, not yet signed.
Certificate blank_certificate(EVP_PKEY* key, const char* name, X509_NAME* issuer) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    std::array<unsigned char, 8> serial{};
    RAND_bytes(serial.data(), serial.size());
    serial[0] &= 0x7fU;
    std::uint64_t number = 0;
    std::memcpy(&number, serial.data(), sizeof number);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), number >> 1U);
    constexpr long kHour = 3600;
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24 * kHour);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 365 * 24 * kHour);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), issuer == nullptr ? subject : issuer);
    return certificate;
}

Certificate make_authority(EVP_PKEY* key) {
    Certificate ca = blank_certificate(key, "drive-emulator CA", nullptr);
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    X509_sign(ca.get(), key, EVP_sha256());
    return ca;
}

Certificate make_leaf(EVP_PKEY* key, X509* ca, EVP_PKEY* ca_key) {
    Certificate leaf = blank_certificate(key, "www.googleapis.com", X509_get_subject_name(ca));
    std::string names;
    for (const std::string_view host : kHosts) {
        names += (names.empty() ? "" : ",") + std::string(host == "127.0.0.1" ? "IP:" : "DNS:");
        names += host;
    }
    add_extension(leaf.get(), ca, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.get(), ca, NID_key_usage, "critical,digitalSignature");
    add_extension(leaf.get(), ca, NID_ext_key_usage, "serverAuth");
    add_extension(leaf.get(), ca, NID_subject_alt_name, names);
    add_extension(leaf.get(), ca, NID_subject_key_identifier, "hash");
    add_extension(leaf.get(), ca, NID_authority_key_identifier, "keyid");
    X509_sign(leaf.get(), ca_key, EVP_sha256());
    return leaf;
}

/// HTTP/1.1 is all that is spoken here.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned in_length, void*) {
    static constexpr std::array<unsigned char, 9> kOurs = {8,   'h', 't', 't', 'p',
                                                           '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, kOurs.data(), kOurs.size(), in, in_length) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

class TlsChannel final : public Channel {
public:
    TlsChannel(Session session, int fd) : session_(std::move(session)), fd_(fd) {}
    ~TlsChannel() override {
        SSL_shutdown(session_.get());
        ::close(fd_);
    }
    TlsChannel(const TlsChannel&) = delete;
    TlsChannel& operator=(const TlsChannel&) = delete;

    ssize_t read(char* into, std::size_t size) override {
        return SSL_read(session_.get(), into, static_cast<int>(size));
    }
    bool write(const char* from, std::size_t size) override {
        return size == 0 || SSL_write(session_.get(), from, static_cast<int>(size)) > 0;
    }
    [[nodiscard]] int fd() const override { return fd_; }

private:
    Session session_;
    int fd_;
};

}  // namespace

struct TlsContext::State {
    Context context;
    std::string ca_pem;
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

std::unique_ptr<TlsContext> TlsContext::make() {
    const Key ca_key(EVP_EC_gen("P-256"));
    const Key key(EVP_EC_gen("P-256"));
    auto state = std::make_unique<State>();
    state->context.reset(SSL_CTX_new(TLS_server_method()));
    if (!ca_key || !key || !state->context) {
        return nullptr;
    }
    const Certificate ca = make_authority(ca_key.get());
    const Certificate leaf = make_leaf(key.get(), ca.get(), ca_key.get());
    SSL_CTX* context = state->context.get();
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return nullptr;
    }
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), ca.get());
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    state->ca_pem.assign(data, static_cast<std::size_t>(length));
    return std::unique_ptr<TlsContext>(new TlsContext(std::move(state)));
}

const std::string& TlsContext::ca_pem() const {
    return state_->ca_pem;
}

std::unique_ptr<Channel> TlsContext::accept(int fd) const {
    Session session(SSL_new(state_->context.get()));
    SSL_set_fd(session.get(), fd);
    if (SSL_accept(session.get()) != 1) {
        ::close(fd);
        return nullptr;
    }
    return std::make_unique<TlsChannel>(std::move(session), fd);
}

bool is_emulated_host(const std::string& host) {
    return std::find(kHosts.begin(), kHosts.end(), host) != kHosts.end();
}

}  // namespace emulator
