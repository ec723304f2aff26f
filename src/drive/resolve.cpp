#include "gds/drive/resolve.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace gds::drive {

namespace {

using model::Item;
using model::ItemKind;

Error failure(Code code, std::string reason, std::string message) {
    Error result = error(code, std::move(message));
    result.reason = std::move(reason);
    return result;
}

bool leads_to_folder(const Item& item) {
    return item.kind == ItemKind::folder ||
           (item.kind == ItemKind::shortcut &&
            model::kind_of(item.target_mime_type) == ItemKind::folder && !item.target_id.empty());
}

std::string shown(std::string_view name) {
    return fmt::format("\"{}\"", printable(name));
}

std::string candidate_line(const Item& item) {
    return fmt::format("{} (id {}, modified {}{})", shown(item.name), item.id,
                       format_rfc3339(item.modified_ms),
                       item.kind == ItemKind::shortcut ? ", a shortcut" : "");
}

Error ambiguous(const std::string& name, const std::string& above,
                const std::vector<Item>& candidates) {
    std::string list;
    for (const Item& item : candidates) {
        list += (list.empty() ? "" : "; ") + candidate_line(item);
    }
    return failure(Code::conflict, "ambiguous",
                   fmt::format("{} folders in {} are called {}: {}; name the right one with "
                               "--source-id ID, or rename the others in Drive",
                               candidates.size(), above, shown(name), list));
}

Error missing(const std::string& name, const std::string& above, bool other_kind) {
    if (other_kind) {
        return failure(
            Code::conflict, "not_a_folder",
            fmt::format("{} in {} is not a folder; the source has to be one", shown(name), above));
    }
    return failure(Code::not_found, "missing",
                   fmt::format("there is no folder {} in {}; check --source, and whether this "
                               "account may see the folder",
                               shown(name), above));
}

/// The one candidate that leads to a folder.
Result<Item> only_folder(std::vector<Item> candidates, const std::string& name,
                         const std::string& above) {
    const bool any = !candidates.empty();
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [](const Item& item) { return !leads_to_folder(item); }),
                     candidates.end());
    if (candidates.empty()) {
        return missing(name, above, any);
    }
    if (candidates.size() > 1) {
        return ambiguous(name, above, candidates);
    }
    return std::move(candidates.front());
}

/// Where a path stands: the folder reached, how to name it, and the ids on the way.
struct Position {
    Ref folder;
    std::string shown;
    std::vector<std::string> ids;
};

Status descend(Api& api, Position& at, const std::string& name, bool among_shared) {
    auto candidates = among_shared ? api.find_shared(name) : api.find_children(at.folder, name);
    if (!candidates) {
        return candidates.error().context(
            fmt::format("looking for folder {} in {}", shown(name), at.shown));
    }
    const Item item = GDS_TRY(only_folder(*std::move(candidates), name, at.shown));
    at.ids.push_back(item.id);
    at.folder = ref_of(item);
    if (item.kind == ItemKind::shortcut) {
        at.folder = target_of(item);
        at.ids.push_back(item.target_id);
    }
    at.shown = shown(at.shown.front() == '"' ? at.shown.substr(1, at.shown.size() - 2) + "/" + name
                                             : name);
    return {};
}

Result<Item> checked_folder(Api& api, const Position& at) {
    auto item = api.get(at.folder);
    if (!item) {
        return item.error().context(fmt::format("looking up the source folder {}", at.shown));
    }
    const std::string what = fmt::format("the source folder {} (id {})", at.shown, item->id);
    if (item->kind != ItemKind::folder) {
        return failure(Code::conflict, "not_a_folder",
                       fmt::format("{} is not a folder but {}", what, printable(item->mime_type)));
    }
    if (item->trashed) {
        return failure(
            Code::not_found, "trashed",
            fmt::format("{} is in the trash; restore it in Drive or name another", what));
    }
    return item;
}

}  // namespace

Result<ResolvedSource> resolve(Api& api, const SourcePath& source) {
    std::vector<std::string> names = split(source.path, '/');
    names.erase(std::remove(names.begin(), names.end(), ""), names.end());
    if (source.shared_with_me && names.empty()) {
        return error(Code::invalid_argument,
                     "--shared-with-me needs --source with the name of a shared folder");
    }
    Position at{
        source.root, source.root.id == "root" ? "My Drive" : "folder " + source.root.id, {}};
    if (source.shared_with_me) {
        at.shown = "the items shared with this account";
    } else if (source.root.id != "root") {
        at.ids.push_back(source.root.id);
    }
    bool among_shared = source.shared_with_me;
    for (const std::string& name : names) {
        GDS_CHECK(descend(api, at, name, std::exchange(among_shared, false)));
    }
    Item folder = GDS_TRY(checked_folder(api, at));
    if (at.ids.empty() || at.ids.back() != folder.id) {
        at.ids.push_back(folder.id);
    }
    return ResolvedSource{std::move(folder), std::move(at.ids)};
}

}  // namespace gds::drive
