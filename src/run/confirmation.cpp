#include "confirmation.h"

#include "gds/base/text.h"
#include "gds/model/action.h"
#include "gds/tree/names.h"
#include "work_tables.h"

#include <fmt/core.h>

namespace gds::run {

using state::Query;

namespace {

constexpr int kMaxAncestors = 200;

/// Drive names that could lie behind a local name: itself, decoded, and a document's without its
/// export extension.
std::set<std::string> drive_names(const std::string& local) {
    std::set<std::string> names{local, tree::decode_name(local)};
    const auto dot = local.rfind('.');
    if (dot != std::string::npos && dot > 0 && drive::is_export_extension(local.substr(dot + 1))) {
        names.insert(local.substr(0, dot));
        names.insert(tree::decode_name(local.substr(0, dot)));
    }
    return names;
}

}  // namespace

Confirmation::Confirmation(state::Store& store, http::Engine& engine, drive::Api& api,
                           Snapshot& snapshot, state::ItemNo root)
    : store_(store), engine_(engine), api_(api), snapshot_(snapshot), root_(root) {}

Result<std::optional<std::string>> Confirmation::run(bool deletes) {
    GDS_CHECK(collect_displaced());
    if (deletes) {
        GDS_CHECK(collect_recorded());
        GDS_CHECK(collect_strays());
    }
    GDS_CHECK(ask());
    return judge();
}

Status Confirmation::collect_recorded() {
    Query query(store_.db(),
                "SELECT e.item, e.via, a.path FROM action a JOIN entry e ON e.n = a.entry"
                " WHERE a.kind IN (?, ?) AND e.item <> 0",
                static_cast<std::int64_t>(model::ActionKind::remove),
                static_cast<std::int64_t>(model::ActionKind::rmdir));
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        GDS_CHECK(want_proof(query.integer(0), query.integer(1), query.text(2)));
    }
}

Status Confirmation::collect_displaced() {
    Query query(store_.db(), "SELECT item, via, path FROM displaced WHERE item <> 0");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        GDS_CHECK(want_proof(query.integer(0), query.integer(1), query.text(2)));
    }
}

/// The first link of the chain that is not there any more explains the absence; where all of them
/// are, the source itself says that this path is no longer asked for.
Status Confirmation::want_proof(state::ItemNo item, state::Via via, const std::string& path) {
    std::vector<state::ItemNo> chain = GDS_TRY(store_.shortcuts(via));
    chain.push_back(item);
    for (const state::ItemNo n : chain) {
        const state::ItemNo unproven = GDS_TRY(snapshot_.unproven(n));
        if (unproven != 0) {
            const std::string id = GDS_TRY(store_.id_of(unproven));
            wanted_ids_.emplace(id, path);
            if (unproven == n && chain.size() > 1 &&
                GDS_TRY(leads_to(chain[chain.size() - 2], n))) {
                targets_.insert(id);
            }
            break;
        }
        if (!snapshot_.saw(n)) {
            break;
        }
    }
    return {};
}

Result<bool> Confirmation::leads_to(state::ItemNo shortcut, state::ItemNo target) {
    Query query(store_.db(), "SELECT 1 FROM item WHERE n = ? AND target = ?", shortcut, target);
    return query.next();
}

Status Confirmation::collect_strays() {
    Query query(store_.db(), "SELECT stray, path FROM action WHERE stray <> 0");
    for (;;) {
        const bool row = GDS_TRY(query.next());
        if (!row) {
            return {};
        }
        std::int64_t place = -query.integer(0);
        std::string name;
        while (place < 0) {
            Query stray(store_.db(), "SELECT parent, name FROM stray WHERE n = -?", place);
            GDS_CHECK(stray.next());
            name = stray.text(1);
            place = stray.integer(0);
        }
        const auto folder = GDS_TRY(store_.entry(place));
        const state::ItemNo item = place == 0 ? root_ : folder ? folder->item : 0;
        if (item == 0) {
            continue;
        }
        if (!snapshot_.saw(item)) {
            // What lies in a folder that the listing did not show goes with the folder's own proof.
            const state::ItemNo unproven = GDS_TRY(snapshot_.unproven(item));
            if (unproven != 0) {
                wanted_ids_.emplace(GDS_TRY(store_.id_of(unproven)), query.text(1));
            }
            continue;
        }
        Named named;
        named.parent = GDS_TRY(store_.id_of(item));
        named.name = name;
        named.path = query.text(1);
        wanted_names_.emplace(std::pair(named.parent, name), named);
    }
}

Status Confirmation::ask() {
    if (!wanted_ids_.empty() || !wanted_names_.empty()) {
        GDS_CHECK(ask_for_root());
    }
    for (const auto& [id, path] : wanted_ids_) {
        const drive::Ref ref{id, GDS_TRY(store_.item(GDS_TRY(store_.intern(id))))->resource_key};
        api_.get(ref, [&, id = id, path = path](Result<model::Item> answer) {
            if (!answer && !drive::proves_absence(answer.error())) {
                note(answer.error(), path);
            }
            answers_.insert_or_assign(id, std::move(answer));
        });
    }
    for (const auto& [place, named] : wanted_names_) {
        ask_by_name(named);
        if (tree::is_ambiguous(named.name) && asked_for_all_.insert(named.parent).second) {
            ask_for_all(named, "");
        }
    }
    engine_.run();
    return fatal_ ? Status(*fatal_) : Status();
}

/// What lies in a folder that went to the trash is in no list, and trashed with it.
Status Confirmation::ask_for_root() {
    const auto root = GDS_TRY(store_.item(root_));
    api_.get(root ? drive::ref_of(*root) : drive::Ref{GDS_TRY(store_.id_of(root_))},
             [this](const Result<model::Item>& answer) {
                 if (!answer && !drive::proves_absence(answer.error())) {
                     note(answer.error(), "the source folder");
                 } else if (!doubt_ && (!answer || answer->trashed)) {
                     doubt_ = "the source folder itself was removed during the run";
                 }
             });
    return {};
}

void Confirmation::note(const Error& problem, const std::string& path) {
    if (drive::ends_run(problem)) {
        fatal_ = problem;
    } else if (!doubt_) {
        doubt_ =
            fmt::format("cannot confirm that {} is gone: {}", printable(path), problem.message);
    }
}

void Confirmation::explain(const model::Item& found, const Named& named, bool known) {
    if (!doubt_ && !known) {
        doubt_ = fmt::format(
            "the listing did not show \"{}\" (id {}), which is in the folder and explains {}",
            printable(found.name), found.id, printable(named.path));
    }
}

void Confirmation::ask_by_name(const Named& named) {
    for (const std::string& name : drive_names(named.name)) {
        api_.find_children({named.parent}, name,
                           [this, named](const Result<std::vector<model::Item>>& found) {
                               if (!found) {
                                   return note(found.error(), named.path);
                               }
                               for (const model::Item& item : *found) {
                                   const Result<bool> known = shows(item.id);
                                   explain(item, named, known && *known);
                               }
                           });
    }
}

/// Whatever lies in the folder and is not known may be what its name was made of.
void Confirmation::ask_for_all(const Named& named, const std::string& page_token) {
    api_.list_children({named.parent}, page_token, [this, named](const Result<drive::Page>& page) {
        if (!page) {
            return note(page.error(), named.path);
        }
        for (const model::Item& item : page->items) {
            const Result<bool> known = knows(item.id);
            explain(item, named, known && *known);
        }
        const std::string& next = page->next_page_token;
        const bool goes_on = !next.empty();
        if (page->incomplete || (goes_on && !asked_for_all_.insert(named.parent + next).second)) {
            return note(error(Code::incomplete, "its folder's list does not come to its end"),
                        named.path);
        }
        if (goes_on) {
            ask_for_all(named, next);
        }
    });
}

Result<bool> Confirmation::knows(const std::string& id) {
    const state::ItemNo n = GDS_TRY(store_.intern(id));
    return snapshot_.knows(n);
}

Result<bool> Confirmation::shows(const std::string& id) {
    const state::ItemNo n = GDS_TRY(store_.intern(id));
    return snapshot_.saw(n);
}

Result<std::optional<std::string>> Confirmation::judge() {
    for (const auto& [id, path] : wanted_ids_) {
        if (doubt_) {
            break;
        }
        const Result<bool> out = is_out(id);
        if (!out) {
            if (drive::ends_run(out.error())) {
                return out.error();
            }
            doubt_ = fmt::format("cannot confirm that {} is gone: {}", printable(path),
                                 out.error().message);
        } else if (!*out) {
            doubt_ =
                fmt::format("the listing did not show {} (id {}), which is still in the folder",
                            printable(path), id);
        }
    }
    return doubt_;
}

Result<model::Item> Confirmation::look_up(const std::string& id) {
    const auto known = answers_.find(id);
    if (known != answers_.end()) {
        return known->second;
    }
    Result<model::Item> answer = api_.get({id});
    answers_.insert_or_assign(id, answer);
    return answer;
}

/// Gone, trashed, or, unless a shortcut leads to it, with no ancestor that the listing showed.
Result<bool> Confirmation::is_out(const std::string& id) {
    std::string at = id;
    for (int level = 0; level < kMaxAncestors; ++level) {
        const Result<model::Item> answer = look_up(at);
        if (!answer && drive::proves_absence(answer.error())) {
            return true;
        }
        const model::Item item = GDS_TRY(answer);
        if (item.trashed) {
            return true;
        }
        if (targets_.count(at) != 0) {
            return false;
        }
        if (item.parent.empty()) {
            return true;
        }
        const state::ItemNo parent = GDS_TRY(store_.intern(item.parent));
        if (snapshot_.saw(parent)) {
            // A folder that was seen but not listed is one that the filter leaves out.
            return !GDS_TRY(snapshot_.listed(parent));
        }
        at = item.parent;
    }
    return error(Code::bad_response, "its folders never end");
}

}  // namespace gds::run
