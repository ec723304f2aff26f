#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::tree {

/// NAME_MAX of every file system a mirror lives on.
inline constexpr std::size_t kMaxNameBytes = 255;

/// A Drive name as a local name, the way rclone names it (Drive's names read with InvalidUtf8, then
/// written with Slash and Dot):
///   '/' -> U+FF0F, NUL -> U+2400, whole names "." and ".." -> U+FF0E once and twice;
///   what already looks so gets the quote U+201B before it: U+FF0F anywhere, U+FF0E and twice
///   U+FF0E as whole names, and U+201B itself, unless it already quotes U+201B or U+2400.
/// Where rclone gives nothing usable: the empty name becomes a single U+201B, which no other name
/// becomes, and a byte that is not UTF-8 becomes U+201B and two hex digits.
/// Never empty, "." or "..", never holds '/' or NUL, always UTF-8; may exceed kMaxNameBytes. As in
/// rclone, two unusual Drive names can meet in one local name (NUL and U+2400); settle() parts
/// them.
std::string encode_name(std::string_view drive_name);
/// The same for a document and the extension of its export, which is no part of its name in Drive.
/// A document called U+FF0E gets two quotes before it, as rclone has it.
std::string encode_document_name(std::string_view drive_name, std::string_view extension);
/// The likeliest Drive name behind a local one: encode_name(decode_name(x)) == x for every x that
/// encode_name makes; other names come back with what they quote undone.
std::string decode_name(std::string_view local_name);

/// True where no Drive name can be told from a local one: it may have been made up for a duplicate,
/// shortened, quoted in one of several ways, or no valid text to begin with.
bool is_ambiguous(std::string_view local_name);

/// At most kMaxNameBytes: cut at a character boundary, then "~" and 8 hex digits of the SHA-256 of
/// (name, id), then the extension where it has one of at most 16 bytes, its dot included. Shorter
/// names stay.
std::string shorten_name(std::string_view local_name, std::string_view id);

/// `stem~prefix.ext`, prefix being the first `id_length` characters of the id; from the last dot,
/// none for a leading dot; shortened to fit where needed. An `id_length` past the end of the id
/// adds
/// "~2", "~3", ..., so that every length gives another name.
std::string duplicate_name(std::string_view local_name, std::string_view id, std::size_t id_length);

/// The plain name where this is a duplicate_name() that was not shortened, else the name itself.
std::string without_id(std::string_view local_name);
/// Whether settle() may make `local_name` of the plain name of an item with this id.
bool may_become(std::string_view plain_name, std::string_view id, std::string_view local_name);

/// One claim to a name in one folder.
struct Claim {
    std::string name;  ///< local name, encoded, shortened
    std::string id;
    bool folder = false;
    std::int64_t modified_ms = 0;
    bool reserved = false;  ///< may never hold the plain name (".gdrive-sync" at the root)
};

/// True where `a` keeps a name before `b`: folder before file, then the later modifiedTime, then
/// the greater id.
bool precedes(const Claim& a, const Claim& b);

/// Settle a set of claims to the same name: the first by precedes() keeps it, the others become
/// duplicate_name() with the id prefix lengthened from 8 until neither `taken` nor a name given
/// here says no. Reserved claims never keep it, and a reserved ".nfs..." gets U+FF0E for its dot
/// as well, since every name that begins so is reserved. Returns the final names in the order of
/// `claims`. The same answer whatever the order of the claims, and whichever of the others changed.
///
/// `taken` has to say yes to every plain name of the folder and to what was settled before; groups
/// are settled in the order of their names.
std::vector<std::string> settle(const std::vector<Claim>& claims,
                                const std::function<bool(const std::string&)>& taken);

}  // namespace gds::tree
