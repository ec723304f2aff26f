#pragma once

#include <openssl/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gds::http {

struct FreeCertificate {
    void operator()(X509* certificate) const;
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

/// The certificates of a PEM file, found by subject. The file is read when the first is asked for,
/// and only what is asked for is decoded: OpenSSL 3 decodes a system's bundle for longer than a run
/// with nothing to do takes.
class CaBundle {
public:
    explicit CaBundle(std::string path) : path_(std::move(path)) {}

    /// Every certificate whose subject may be this one (they share a hash). Those that are damaged
    /// are left out; a file that cannot be read has none.
    std::vector<Certificate> find(const X509_NAME* subject);

private:
    void read();

    std::string path_;
    bool read_ = false;
    std::multimap<unsigned long, std::string> encoded_;  ///< by the subject's hash
};

}  // namespace gds::http
