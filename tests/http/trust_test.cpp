// Which chains of certificates are trusted, by places of the system's that the test makes.
#include "trust.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace gds::http {
namespace {

struct Free {
    void operator()(X509* one) const { X509_free(one); }
    void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
    void operator()(BIO* one) const { BIO_free_all(one); }
    void operator()(SSL_CTX* one) const { SSL_CTX_free(one); }
    void operator()(X509_STORE_CTX* one) const { X509_STORE_CTX_free(one); }
    void operator()(X509_EXTENSION* one) const { X509_EXTENSION_free(one); }
    void operator()(STACK_OF(X509) * one) const { sk_X509_free(one); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// A certificate with its key: an authority's, unless its name begins with "leaf".
class Party {
public:
    /// Signed by itself.
    explicit Party(const std::string& name) : Party(name, nullptr) {}
    Party(const std::string& name, const Party& issuer) : Party(name, &issuer) {}

    [[nodiscard]] X509* certificate() const { return certificate_.get(); }
    [[nodiscard]] std::string pem() const {
        const Owned<BIO> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509(bio.get(), certificate());
        char* text = nullptr;
        const auto size = BIO_get_mem_data(bio.get(), &text);
        return {text, static_cast<std::size_t>(size)};
    }
    /// What a directory of certificates calls it.
    [[nodiscard]] std::string hashed_name() const {
        char name[16];
        std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(certificate()));
        return name;
    }

private:
    Party(const std::string& name, const Party* issuer)
        : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
        static long serial = 0;
        X509* made = certificate();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        X509_set_pubkey(made, key_.get());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(
            made, X509_get_subject_name(issuer != nullptr ? issuer->certificate() : made));
        const Owned<X509_EXTENSION> constraints(X509V3_EXT_conf_nid(
            nullptr, nullptr, NID_basic_constraints,
            name.rfind("leaf", 0) == 0 ? "critical,CA:FALSE" : "critical,CA:TRUE"));
        X509_add_ext(made, constraints.get(), -1);
        X509_sign(made, issuer != nullptr ? issuer->key_.get() : key_.get(), EVP_sha256());
    }

    Owned<EVP_PKEY> key_;
    Owned<X509> certificate_;
};

/// Whether a connection with this trust would accept `leaf`, sent along with `sent`.
bool trusts(const Trust& trust, X509* leaf, const std::vector<X509*>& sent = {},
            unsigned long flags = 0) {
    const Owned<SSL_CTX> connection(SSL_CTX_new(TLS_client_method()));
    trust.use_in(connection.get());
    const Owned<STACK_OF(X509)> untrusted(sk_X509_new_null());
    for (X509* one : sent) {
        sk_X509_push(untrusted.get(), one);
    }
    const Owned<X509_STORE_CTX> check(X509_STORE_CTX_new());
    X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(connection.get()), leaf,
                        untrusted.get());
    X509_STORE_CTX_set_flags(check.get(), flags);
    return X509_verify_cert(check.get()) == 1;
}

class TrustTest : public ::testing::Test {
protected:
    TrustTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "trust-test-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
    }
    ~TrustTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
        std::ofstream(directory_ / name) << content;
        return directory_ / name;
    }

    const Party root{"root"};
    const Party middle{"middle", root};
    const Party leaf{"leaf", middle};
    const Party stranger{"stranger"};
    std::filesystem::path directory_;
};

TEST_F(TrustTest, FindsAnAuthorityInTheBundleForEachConnection) {
    const Trust trust = *Trust::load("", {file("all.pem", stranger.pem() + root.pem()), ""});
    EXPECT_TRUE(trusts(trust, leaf.certificate(), {middle.certificate()}));
    EXPECT_TRUE(trusts(trust, leaf.certificate(), {middle.certificate(), root.certificate()}));
    EXPECT_FALSE(trusts(trust, leaf.certificate()));
}

TEST_F(TrustTest, FindsAnAuthorityByItsHashInTheDirectory) {
    const std::string unused = file(root.hashed_name(), root.pem());
    const Trust trust = *Trust::load("", {directory_ / "no bundle", directory_});
    EXPECT_TRUE(trusts(trust, leaf.certificate(), {middle.certificate()}));
}

TEST_F(TrustTest, IsNoneWhereTheSystemHasNone) {
    const std::vector<SystemTrust> systems{{"", ""},
                                           {directory_ / "missing", directory_ / "missing"},
                                           {file("stranger.pem", stranger.pem()), directory_},
                                           {file("garbage.pem", "garbage"), directory_}};
    for (const SystemTrust& system : systems) {
        const Trust trust = *Trust::load("", system);
        EXPECT_FALSE(trusts(trust, leaf.certificate(), {middle.certificate(), root.certificate()}))
            << system.bundle;
    }
}

TEST_F(TrustTest, HoldsTheCallersAuthoritiesBesideTheSystems) {
    const Party own{"own"};
    const Party own_leaf{"leaf of own", own};
    const Trust trust =
        *Trust::load(file("own.pem", own.pem()), {file("system.pem", root.pem()), ""});
    EXPECT_TRUE(trusts(trust, own_leaf.certificate()));
    EXPECT_TRUE(trusts(trust, leaf.certificate(), {middle.certificate()}));
}

TEST_F(TrustTest, TellsAuthoritiesOfOneNameApart) {
    const Party twin{"root"};
    const Party twin_leaf{"leaf of twin", twin};
    const Party root_leaf{"leaf of root", root};
    const Trust trust = *Trust::load("", {file("both.pem", twin.pem() + root.pem()), ""});
    EXPECT_TRUE(trusts(trust, root_leaf.certificate()));
    EXPECT_TRUE(trusts(trust, twin_leaf.certificate()));
    const Trust one = *Trust::load("", {file("one.pem", twin.pem()), ""});
    EXPECT_FALSE(trusts(one, root_leaf.certificate()));
}

TEST_F(TrustTest, AuthoritiesOfOneNameMayComeFromBothPlaces) {
    const Party old{"root"};
    const Party root_leaf{"leaf of root", root};
    const std::string unused = file(root.hashed_name(), old.pem());
    const Trust trust = *Trust::load("", {file("new.pem", root.pem()), directory_});
    EXPECT_TRUE(trusts(trust, root_leaf.certificate()));
}

TEST_F(TrustTest, ACertificateInTheMiddleIsEnough) {
    const Trust trust = *Trust::load(file("middle.pem", middle.pem()), {"", ""});
    EXPECT_TRUE(trusts(trust, leaf.certificate()));
}

TEST_F(TrustTest, DamageInTheBundleCostsOnlyWhatIsDamaged) {
    std::string damaged = stranger.pem();
    damaged[100] = '\n';
    const std::string no_certificate =
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const Trust trust = *Trust::load(
        "", {file("damaged.pem", "# a remark\n" + damaged + no_certificate + root.pem()), ""});
    EXPECT_TRUE(trusts(trust, leaf.certificate(), {middle.certificate()}));
}

TEST_F(TrustTest, FindsEveryAuthorityOfThisSystem) {
    const SystemTrust system = system_trust();
    const Trust trust = *Trust::load("", {system.bundle, ""});
    const Owned<BIO> bio(BIO_new_file(system.bundle.c_str(), "r"));
    ASSERT_NE(bio, nullptr) << system.bundle;
    int count = 0;
    for (; const Owned<X509> one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
         ++count) {
        EXPECT_TRUE(trusts(trust, one.get(), {}, X509_V_FLAG_NO_CHECK_TIME))
            << X509_NAME_oneline(X509_get_subject_name(one.get()), nullptr, 0);
    }
    EXPECT_GT(count, 50);
}

}  // namespace
}  // namespace gds::http
