#include "data_index.h"

#include "gds/crypto/digest.h"

#include <cstring>

namespace gds::registry {

DataIndex::Key DataIndex::key_of(const Digest& digest) {
    // Hashed, since digests that somebody chose would make one bucket of it.
    const std::string raw = crypto::digest(crypto::Algorithm::sha256, digest.text());
    Key key{};
    std::memcpy(key.data(), raw.data(), sizeof key);
    return key;
}

}  // namespace gds::registry
