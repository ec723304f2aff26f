#pragma once

#include "gds/crypto/digest.h"
#include "gds/model/item.h"

#include <optional>
#include <string>
#include <string_view>

namespace gds::run {

/// A checksum that Drive lists for a file.
struct ListedDigest {
    crypto::Algorithm algorithm = crypto::Algorithm::md5;
    model::Checksum bytes;
};

/// The cheapest checksum to verify that Drive lists: SHA-256 where the CPU has instructions for it,
/// else MD5, SHA-1, SHA-256. nullopt where it lists none.
std::optional<ListedDigest> cheapest_digest(const model::Item& item);

/// What names an item's present content, to be recorded with the bytes: a raw checksum where Drive
/// lists one; size, time and revision where it does not; time, type and format of a document, whose
/// exports have neither checksum nor stable bytes. `extension` is the document's export format.
std::string content_key(const model::Item& item, std::string_view extension);

/// True where `recorded` names the item's present content by any of its names (the checksum that
/// was cheapest on another machine too).
bool is_content(const model::Item& item, std::string_view extension, std::string_view recorded);

/// The algorithm that a raw digest of this length is of; nullopt for anything else.
std::optional<crypto::Algorithm> algorithm_of(std::string_view digest);

}  // namespace gds::run
