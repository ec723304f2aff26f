#pragma once

#include "gds/base/result.h"
#include "gds/drive/api.h"
#include "gds/http/engine.h"
#include "gds/state/store.h"
#include "snapshot.h"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace gds::run {

/// Confirms every planned delete with Drive before the first one: absence from a listing proves
/// nothing by itself. A recorded item has to be gone, trashed or moved out when asked for by id; a
/// file without a recorded id goes only where no item of its name is in its folder.
class Confirmation {
public:
    Confirmation(state::Store& store, http::Engine& engine, drive::Api& api, Snapshot& snapshot,
                 state::ItemNo root);

    /// nullopt: all are confirmed. Else why the listing is not to be trusted. Error: only what no
    /// further request can survive.
    /// `deletes` false: they are withheld anyway, and only files whose path another item takes over
    /// are asked for.
    Result<std::optional<std::string>> run(bool deletes);

private:
    struct Named {
        std::string parent;
        std::string name;
        std::string path;  ///< local, for the message
    };

    Status collect_recorded();
    Status collect_displaced();
    Status want_proof(state::ItemNo item, state::Via via, const std::string& path);
    Status collect_strays();
    Status ask();
    Status ask_for_root();
    void ask_by_name(const Named& named);
    void ask_for_all(const Named& named, const std::string& page_token);
    void note(const Error& problem, const std::string& path);
    void explain(const model::Item& found, const Named& named, bool known);
    Result<std::optional<std::string>> judge();
    Result<bool> is_out(const std::string& id);
    Result<bool> leads_to(state::ItemNo shortcut, state::ItemNo target);
    Result<model::Item> look_up(const std::string& id);
    Result<bool> shows(const std::string& id);
    Result<bool> knows(const std::string& id);

    state::Store& store_;
    http::Engine& engine_;
    drive::Api& api_;
    Snapshot& snapshot_;
    state::ItemNo root_;
    std::map<std::string, std::string> wanted_ids_;  ///< id to a local path that it explains
    std::set<std::string> targets_;  ///< of those, what a shortcut leads to, wherever it lies
    std::map<std::pair<std::string, std::string>, Named> wanted_names_;
    std::map<std::string, Result<model::Item>> answers_;
    std::set<std::string> asked_for_all_;  ///< folders, and tokens of their pages
    std::optional<Error> fatal_;
    std::optional<std::string> doubt_;
};

}  // namespace gds::run
