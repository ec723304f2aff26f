#include "content.h"

#include <fmt/core.h>

namespace gds::run {

using crypto::Algorithm;

std::optional<ListedDigest> cheapest_digest(const model::Item& item) {
    static const bool fast_sha256 = crypto::has_fast_sha256();
    if (fast_sha256 && !item.sha256.empty()) {
        return ListedDigest{Algorithm::sha256, item.sha256};
    }
    if (!item.md5.empty()) {
        return ListedDigest{Algorithm::md5, item.md5};
    }
    if (!item.sha1.empty()) {
        return ListedDigest{Algorithm::sha1, item.sha1};
    }
    if (!item.sha256.empty()) {
        return ListedDigest{Algorithm::sha256, item.sha256};
    }
    return std::nullopt;
}

std::string content_key(const model::Item& item, std::string_view extension) {
    // The prefixes make every key a length that no digest has, or a text that no digest is.
    if (item.kind == model::ItemKind::document) {
        return fmt::format("document:{}:{}:{}", item.modified_ms, item.mime_type, extension);
    }
    if (const auto listed = cheapest_digest(item)) {
        return std::string(listed->bytes.bytes());
    }
    return fmt::format("file-without-checksum:{}:{}:{}", item.size.value_or(-1), item.modified_ms,
                       item.head_revision);
}

bool is_content(const model::Item& item, std::string_view extension, std::string_view recorded) {
    if (recorded.empty()) {
        return false;
    }
    return item.md5 == recorded || item.sha1 == recorded || item.sha256 == recorded ||
           recorded == content_key(item, extension);
}

std::optional<Algorithm> algorithm_of(std::string_view digest) {
    switch (digest.size()) {
        case 16: return Algorithm::md5;
        case 20: return Algorithm::sha1;
        case 32: return Algorithm::sha256;
        default: return std::nullopt;
    }
}

}  // namespace gds::run
