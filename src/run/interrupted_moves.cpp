#include "gds/base/log.h"
#include "structure.h"
#include "terms.h"

#include <fmt/core.h>

#include <charconv>
#include <map>

// What a run left in staging that was stopped in the middle of its moves.

namespace gds::run {

using state::Query;
using volume::FileType;

namespace {

std::string staging_path_in(std::string_view name) {
    return fmt::format("{}/staging/{}", volume::kStateDirName, name);
}

}  // namespace

std::string staging_path(state::EntryNo entry) {
    return staging_path_in(fmt::format("entry-{}", entry));
}

namespace {

/// What the record has in staging and is not there, somebody took away: it is fetched again.
Status forget_lost_moves(state::Store& store, const std::vector<volume::DirEntry>& staged) {
    std::map<std::string, FileType> types;
    for (const volume::DirEntry& found : staged) {
        types.emplace(staging_path_in(found.name), found.stat.type);
    }
    std::vector<state::EntryNo> lost;
    Query query(store.db(), "SELECT n, folder FROM entry WHERE parent < 0");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            break;
        }
        const auto found = types.find(staging_path(query.integer(0)));
        const FileType expected = query.integer(1) != 0 ? FileType::directory : FileType::file;
        if (found == types.end() || found->second != expected) {
            lost.push_back(query.integer(0));
        }
    }
    for (const state::EntryNo entry : lost) {
        GDS_CHECK(store.erase(entry));
    }
    if (lost.empty()) {
        return {};
    }
    GDS_CHECK(store.set_meta(kSettled, ""));
    return store.erase_orphans();
}

}  // namespace

Status restore_interrupted_moves(state::Store& store, const volume::Volume& volume) {
    static constexpr std::string_view kPrefix = "entry-";
    const std::string staging = fmt::format("{}/staging", volume::kStateDirName);
    std::vector<volume::DirEntry> left;
    GDS_CHECK(volume.read_dir(staging, [&](const volume::DirEntry& found) -> Status {
        if (found.name.compare(0, kPrefix.size(), kPrefix) == 0) {
            left.push_back(found);
        }
        return {};
    }));
    for (const volume::DirEntry& found : left) {
        state::EntryNo n = 0;
        const char* end = found.name.data() + found.name.size();
        std::from_chars(found.name.data() + kPrefix.size(), end, n);
        const std::string waiting = join_path(staging, found.name);
        const auto entry = GDS_TRY(store.entry(n));
        if (entry && entry->parent < 0) {
            continue;  // the record knows it is here; the next plan moves it out
        }
        const FileType expected = entry && entry->folder ? FileType::directory : FileType::file;
        const bool known = entry && entry->parent >= 0 && found.stat.type == expected;
        const std::string home = known ? GDS_TRY(store.path_of(n)) : "";
        // Where its path is taken, the file was only a second name of one that is still there, or
        // its successor has landed.
        const Status back = home.empty()
                                ? Status(error(Code::not_found, "its path is not recorded"))
                                : volume.rename(waiting, home);
        if (!back && found.stat.type == FileType::file) {
            GDS_CHECK(volume.remove_file(waiting));
        } else if (!back) {
            log::warn("a folder of an interrupted move cannot go back; move it by hand",
                      {{"folder", waiting}, {"because", back.error().message}});
        }
    }
    return forget_lost_moves(store, left);
}

}  // namespace gds::run
