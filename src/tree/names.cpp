#include "gds/tree/names.h"

#include "gds/base/text.h"
#include "gds/crypto/digest.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>

namespace gds::tree {
namespace {

constexpr std::size_t kMaxExtensionBytes = 16;
constexpr std::size_t kHashDigits = 8;
constexpr std::size_t kShortestIdPrefix = 8;
constexpr std::string_view kNfsPrefix = ".nfs";
constexpr std::string_view kFullWidthDot = "\uFF0E";

/// Where the extension begins, its dot included; the name's size where it has none.
std::size_t extension_at(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

/// The longest front of `name` of at most `limit` bytes that ends between two characters.
std::string_view cut(std::string_view name, std::size_t limit) {
    if (name.size() <= limit) {
        return name;
    }
    const auto continues = [&](std::size_t at) {
        return (static_cast<unsigned char>(name[at]) & 0xC0U) == 0x80U;
    };
    std::size_t end = limit;
    // A character has at most three continuation bytes; more of them are not UTF-8.
    while (end > 0 && limit - end < 3 && continues(end)) {
        --end;
    }
    return name.substr(0, continues(end) ? limit : end);
}

/// Characters of an id that are safe in a file name; Drive's ids hold no others.
std::string safe_prefix(std::string_view id, std::size_t length) {
    std::string prefix(id.substr(0, length));
    std::replace_if(
        prefix.begin(), prefix.end(),
        [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_';
        },
        '_');
    return prefix;
}

/// Where no duplicate of a reserved name is reserved: see settle().
std::string unreserved(std::string_view name) {
    return name.starts_with(kNfsPrefix) ? fmt::format("{}{}", kFullWidthDot, name.substr(1))
                                        : std::string(name);
}

/// The id's shortest prefix that tells duplicates apart.
std::size_t shortest_prefix(std::string_view id) {
    return std::max<std::size_t>(std::min(kShortestIdPrefix, id.size()), 1);
}

/// The claim that keeps the plain name, if any may.
std::optional<std::size_t> keeper(const std::vector<Claim>& claims) {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        if (!claims[i].reserved && (!first || precedes(claims[i], claims[*first]))) {
            first = i;
        }
    }
    return first;
}

/// Indices by id: unlike precedes(), that order outlives a change of a file.
std::vector<std::size_t> in_order_of_id(const std::vector<Claim>& claims) {
    std::vector<std::size_t> order(claims.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return claims[a].id != claims[b].id ? claims[a].id < claims[b].id
                                            : precedes(claims[a], claims[b]);
    });
    return order;
}

}  // namespace

bool is_ambiguous(std::string_view local_name) {
    static constexpr std::array<std::string_view, 4> kMarks{"~", "\u201B", "\u2400", "\uFFFD"};
    return std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) {
        return local_name.find(mark) != std::string_view::npos;
    });
}

std::string shorten_name(std::string_view local_name, std::string_view id) {
    if (local_name.size() <= kMaxNameBytes) {
        return std::string(local_name);
    }
    auto extension = local_name.substr(extension_at(local_name));
    if (extension.size() > kMaxExtensionBytes) {
        extension = {};
    }
    // No name holds a NUL, so that no two pairs of name and id are hashed alike.
    const auto hash = to_hex(
        crypto::digest(crypto::Algorithm::sha256, fmt::format("{}{}{}", local_name, '\0', id)));
    const auto room = kMaxNameBytes - 1 - kHashDigits - extension.size();
    return fmt::format("{}~{}{}", cut(local_name, room), hash.substr(0, kHashDigits), extension);
}

std::string duplicate_name(std::string_view local_name, std::string_view id,
                           std::size_t id_length) {
    const auto dot = extension_at(local_name);
    const auto counter =
        id_length > id.size() ? fmt::format("~{}", id_length - id.size() + 1) : std::string();
    const auto name = fmt::format("{}~{}{}{}", local_name.substr(0, dot),
                                  safe_prefix(id, id_length), counter, local_name.substr(dot));
    return shorten_name(name, id);
}

std::string without_id(std::string_view local_name) {
    const auto dot = extension_at(local_name);
    const auto mark = local_name.substr(0, dot).rfind('~');
    return mark == std::string_view::npos
               ? std::string(local_name)
               : fmt::format("{}{}", local_name.substr(0, mark), local_name.substr(dot));
}

bool may_become(std::string_view plain_name, std::string_view id, std::string_view local_name) {
    if (local_name == plain_name) {
        return true;
    }
    const auto names = {std::string(plain_name), unreserved(plain_name)};
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        for (auto length = shortest_prefix(id); length <= id.size(); ++length) {
            if (duplicate_name(name, id, length) == local_name) {
                return true;
            }
        }
        return false;
    });
}

bool precedes(const Claim& a, const Claim& b) {
    return std::tie(a.folder, a.modified_ms, a.id) > std::tie(b.folder, b.modified_ms, b.id);
}

std::vector<std::string> settle(const std::vector<Claim>& claims,
                                const std::function<bool(const std::string&)>& taken) {
    std::vector<std::string> names(claims.size());
    std::set<std::string, std::less<>> given;
    const auto first = keeper(claims);
    for (const auto i : in_order_of_id(claims)) {
        const auto& claim = claims[i];
        // The plain name is out of reach for the others even where nobody may keep it.
        given.insert(claim.name);
        if (i == first) {
            names[i] = claim.name;
            continue;
        }
        const auto name = claim.reserved ? unreserved(claim.name) : claim.name;
        std::size_t length = shortest_prefix(claim.id);
        do {
            names[i] = duplicate_name(name, claim.id, length++);
        } while (taken(names[i]) || !given.insert(names[i]).second);
    }
    return names;
}

}  // namespace gds::tree
