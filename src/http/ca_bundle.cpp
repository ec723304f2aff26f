#include "ca_bundle.h"

#include "gds/base/fd.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <optional>
#include <string_view>

namespace gds::http {

namespace {

constexpr std::size_t kLargestBundle = 64U << 20U;

struct Free {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(X509_NAME* name) const { X509_NAME_free(name); }
    void operator()(void* bytes) const { OPENSSL_free(bytes); }
};

/// Walks over DER without decoding what it passes.
class Der {
public:
    explicit Der(const std::string& bytes)
        : at_(reinterpret_cast<const unsigned char*>(bytes.data())), end_(at_ + bytes.size()) {}

    /// Step into a SEQUENCE.
    bool enter() {
        const auto found = header();
        return found && found->tag == V_ASN1_SEQUENCE;
    }
    /// Step over the next element; one that is optional, only where it has this context tag.
    bool skip(std::optional<int> only_context_tag = {}) {
        const unsigned char* start = at_;
        const auto found = header();
        if (!found) {
            return false;
        }
        const bool skipped = !only_context_tag || (found->klass == V_ASN1_CONTEXT_SPECIFIC &&
                                                   found->tag == *only_context_tag);
        at_ = skipped ? at_ + found->length : start;
        return true;
    }
    std::unique_ptr<X509_NAME, Free> name() {
        return std::unique_ptr<X509_NAME, Free>(d2i_X509_NAME(nullptr, &at_, end_ - at_));
    }

private:
    struct Header {
        int tag = 0;
        int klass = 0;
        long length = 0;
    };
    std::optional<Header> header() {
        Header found;
        // The top bit says that there is no whole element here.
        const int kind = ASN1_get_object(&at_, &found.length, &found.tag, &found.klass, end_ - at_);
        return (kind & 0x80) == 0 ? std::optional(found) : std::nullopt;
    }

    const unsigned char* at_;
    const unsigned char* end_;
};

/// RFC 5280, 4.1: what precedes the subject in a certificate. Null where this is none.
std::unique_ptr<X509_NAME, Free> subject_of(const std::string& encoded) {
    Der der(encoded);
    constexpr int kVersion = 0;
    const bool at_subject = der.enter() && der.enter() && der.skip(kVersion) &&
                            der.skip() /* serial number */ && der.skip() /* signature */ &&
                            der.skip() /* issuer */ && der.skip() /* validity */;
    return at_subject ? der.name() : nullptr;
}

/// One block of a PEM file, decoded from base64 only.
struct Block {
    std::string label;
    std::string bytes;
};

std::optional<Block> read_block(BIO* bio) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio, &label, &header, &data, &size) != 1) {
        return std::nullopt;
    }
    const std::unique_ptr<void, Free> owned[] = {std::unique_ptr<void, Free>(label),
                                                 std::unique_ptr<void, Free>(header),
                                                 std::unique_ptr<void, Free>(data)};
    return Block{label, std::string(reinterpret_cast<char*>(data), static_cast<std::size_t>(size))};
}

/// The next whole block of certificates; nullopt at the end of the file.
std::optional<Block> next_certificate(BIO* bio) {
    for (;;) {
        auto block = read_block(bio);
        if (block && (block->label == PEM_STRING_X509 || block->label == PEM_STRING_X509_TRUSTED)) {
            return block;
        }
        // Past a damaged block reading goes on behind it.
        if (!block && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
            return std::nullopt;
        }
    }
}

}  // namespace

void FreeCertificate::operator()(X509* certificate) const {
    X509_free(certificate);
}

void CaBundle::read() {
    read_ = true;
    const Result<std::string> text = read_small_file(path_, kLargestBundle);
    if (!text) {
        return;
    }
    ERR_set_mark();
    const std::unique_ptr<BIO, Free> bio(
        BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    while (auto block = next_certificate(bio.get())) {
        int hashed = 0;
        const auto subject = subject_of(block->bytes);
        const unsigned long hash =
            subject ? X509_NAME_hash_ex(subject.get(), nullptr, nullptr, &hashed) : 0;
        if (hashed == 1) {
            encoded_.emplace(hash, std::move(block->bytes));
        }
    }
    ERR_pop_to_mark();
}

std::vector<Certificate> CaBundle::find(const X509_NAME* subject) {
    if (!read_) {
        read();
    }
    std::vector<Certificate> found;
    int hashed = 0;
    const unsigned long hash = X509_NAME_hash_ex(subject, nullptr, nullptr, &hashed);
    const auto [first, last] = encoded_.equal_range(hash);
    for (auto one = first; hashed == 1 && one != last; ++one) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(one->second.data());
        // What follows a "trusted certificate" is what it is trusted for.
        if (X509* decoded = d2i_X509_AUX(nullptr, &bytes, static_cast<long>(one->second.size()))) {
            found.emplace_back(decoded);
        }
    }
    return found;
}

}  // namespace gds::http
