#include "source.h"

#include "gds/drive/resolve.h"

#include <fmt/core.h>

namespace gds::run {

std::string SourceSettings::text() const {
    std::string text = id.empty() ? "path:" + path : "id:" + id;
    if (!drive_id.empty()) {
        text += " drive:" + drive_id;
    }
    return shared_with_me ? text + " shared-with-me" : text;
}

SourceSettings effective_source(const SourceSettings& asked, const auth::Credentials& credentials) {
    SourceSettings source = asked;
    if (source.drive_id.empty()) {
        source.drive_id = credentials.team_drive;
    }
    source.shared_with_me = source.shared_with_me || credentials.shared_with_me;
    return source;
}

namespace {

Result<Source> look_up(drive::Api& api, const SourceSettings& source,
                       const auth::Credentials& credentials) {
    if (!source.id.empty()) {
        return Source{GDS_TRY(api.get({source.id}))};
    }
    drive::SourcePath path;
    path.path = source.path;
    path.shared_with_me = source.shared_with_me;
    if (!credentials.root_folder_id.empty()) {
        path.root.id = credentials.root_folder_id;
    } else if (!source.drive_id.empty()) {
        path.root.id = source.drive_id;
    }
    drive::ResolvedSource resolved = GDS_TRY(drive::resolve(api, path));
    return Source{std::move(resolved.folder), false, std::move(resolved.path_ids)};
}

Status check_folder(const model::Item& folder) {
    if (folder.kind != model::ItemKind::folder) {
        return error(Code::conflict,
                     fmt::format("\"{}\" (id {}) is not a folder; name the folder to mirror with "
                                 "--source or --source-id",
                                 folder.name, folder.id));
    }
    if (folder.trashed) {
        return error(Code::not_found,
                     fmt::format("the folder \"{}\" (id {}) is in Drive's trash; restore it there",
                                 folder.name, folder.id));
    }
    return {};
}

void judge_extent(Source& found, const SourceSettings& source) {
    found.whole_drive = !source.drive_id.empty() && found.folder.id == source.drive_id;
}

/// True where the pin is another account's: which folder its path leads to is another matter.
Result<bool> is_of_another_account(drive::Api& api, const volume::Marker& marker) {
    if (marker.account.empty()) {
        return false;
    }
    const drive::Account account = GDS_TRY(api.about());
    return account.permission_id != marker.account;
}

}  // namespace

Result<Source> find_source(drive::Api& api, const SourceSettings& asked,
                           const auth::Credentials& credentials,
                           const std::optional<volume::Marker>& marker) {
    const SourceSettings source = effective_source(asked, credentials);
    Source found = GDS_TRY(look_up(api, source, credentials));
    const model::Item& folder = found.folder;
    GDS_CHECK(check_folder(folder));
    const bool pinned = marker && !marker->root_id.empty() && marker->source == source.text();
    if (pinned && marker->root_id != folder.id && !GDS_TRY(is_of_another_account(api, *marker))) {
        return error(
            Code::conflict,
            fmt::format("the source now leads to another folder (id {}) than the one this "
                        "volume mirrors (id {}); nothing was changed. If that is meant, say "
                        "so with --source-id {}",
                        folder.id, marker->root_id, folder.id));
    }
    judge_extent(found, source);
    return found;
}

Result<Source> check_pinned_source(drive::Api& api, const SourceSettings& asked,
                                   const auth::Credentials& credentials,
                                   const volume::Marker& marker) {
    Source found{GDS_TRY(api.get({marker.root_id}))};
    GDS_CHECK(check_folder(found.folder));
    judge_extent(found, effective_source(asked, credentials));
    return found;
}

}  // namespace gds::run
