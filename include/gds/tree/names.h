#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gds/model/item.h"

namespace gds::tree {

inline constexpr std::size_t kMaxNameBytes = 255;

/// A Drive name as a local name, by rclone's table (lib/encoder: Slash, Dot, NUL, InvalidUtf8): '/'
/// becomes U+FF0F, whole names "." and ".." their fullwidth forms, what already looks encoded is
/// quoted with U+201B. Never empty, never holds '/' or NUL; may be longer than kMaxNameBytes.
std::string encode_name(std::string_view drive_name);
/// The inverse; names that encode_name never makes come back as they are.
std::string decode_name(std::string_view local_name);

/// At most kMaxNameBytes: cut at a character boundary, then "~" and 8 hex digits of the SHA-256 of
/// (name, id), then the extension where it has one of at most 16 bytes. Shorter names stay.
std::string shorten_name(std::string_view local_name, std::string_view id);

/// `stem~prefix.ext`, prefix being the first `id_length` characters of the id; from the last dot,
/// none for a leading dot; shortened to fit where needed.
std::string duplicate_name(std::string_view local_name, std::string_view id, std::size_t id_length);

/// One claim to a name in one folder.
struct Claim {
    std::string name;  ///< local name, encoded, shortened
    std::string id;
    bool folder = false;
    std::int64_t modified_ms = 0;
    bool reserved = false;  ///< may never hold the plain name (".gdrive-sync" at the root)
};

/// True where `a` keeps a name before `b`: folder before file, then the later modifiedTime, then the
/// greater id.
bool precedes(const Claim& a, const Claim& b);

/// Settle a set of claims to the same name: the first by precedes() keeps it, the others become
/// duplicate_name() with the id prefix lengthened from 8 until `taken` says no. Returns the final
/// names in the order of `claims`. The same answer whatever the order of the claims.
std::vector<std::string> settle(const std::vector<Claim>& claims,
                                const std::function<bool(const std::string&)>& taken);

}  // namespace gds::tree
