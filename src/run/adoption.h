#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/state/store.h"
#include "gds/volume/volume.h"
#include "work_tables.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gds::run {

struct AdoptionOptions {
    std::vector<std::string> export_formats;
    /// The listing is in doubt: nothing recorded changes its meaning, only strays are adopted.
    bool in_doubt = false;
    std::function<void(std::int64_t files)> progress;
};

/// Settles which recorded entry each wanted row is (wanted.entry), before anything is planned: by
/// key; else a stray of the same type at its path is adopted (a file after its checksum was
/// compared, a document by its mtime), and so is a file that was replaced behind the record's back
/// and whose item has changed too; else a recorded entry there that nothing asks for takes the new
/// key. Commits as it goes, so that a long adoption resumes where it was stopped.
class Adoption {
public:
    Adoption(state::Store& store, const volume::Volume& volume, AdoptionOptions options,
             const Cancel& cancel);

    Status run();

    [[nodiscard]] std::int64_t adopted() const { return adopted_; }

private:
    struct Wanted {
        WantedNo n = 0;
        WantedNo parent = 0;
        state::ItemNo item = 0;
        state::Via via = 0;
        std::string name;
        bool folder = false;
        bool skipped = false;
        bool claims = true;
    };
    struct Stray {
        StrayNo n = 0;
        volume::FileType type = volume::FileType::other;
        std::int64_t size = 0;
        std::int64_t mtime_ns = 0;
    };

    Status settle_all();
    Result<std::vector<Wanted>> next_batch(WantedNo after);
    Status settle(const Wanted& wanted);
    Status keep_left_out();
    Result<bool> is_left_out(WantedNo parent, const std::string& name, bool folder);
    Status keep(StrayNo stray);
    Status settle_folder(const Wanted& wanted, const std::optional<state::Entry>& own,
                         state::EntryNo parent);
    Status settle_file(const Wanted& wanted, const std::optional<state::Entry>& own,
                       state::EntryNo parent);
    Status protect(const Wanted& wanted, const std::optional<state::Entry>& own,
                   std::optional<state::EntryNo> parent);

    Result<std::optional<state::EntryNo>> place_of(WantedNo wanted);
    Result<std::optional<Stray>> stray_at(state::EntryNo parent, const std::string& name);
    Result<std::optional<Stray>> replaced(const Wanted& wanted, const state::Entry& own,
                                          state::EntryNo parent);
    Result<std::optional<state::Entry>> doomed_at(state::EntryNo parent, const Wanted& wanted);
    Status orphan(const state::Entry& entry);
    Status adopt_folder(const Wanted& wanted, state::EntryNo parent, const Stray& stray);
    Status adopt_file(const Wanted& wanted, const std::optional<state::Entry>& own,
                      state::EntryNo parent, const Stray& stray);
    Status inspect(const model::Item& item, const std::string& path, state::Entry& entry);
    Status match(const Wanted& wanted, state::EntryNo entry);
    Status forget_stray(StrayNo stray);

    state::Store& store_;
    const volume::Volume& volume_;
    AdoptionOptions options_;
    const Cancel& cancel_;
    std::int64_t adopted_ = 0;
    std::int64_t uncommitted_bytes_ = 0;
};

}  // namespace gds::run
