#include "gds/model/action.h"
#include "gds/model/item.h"

namespace gds::model {

ItemKind kind_of(std::string_view mime_type) {
    static constexpr std::string_view kGooglePrefix = "application/vnd.google-apps.";
    if (mime_type.substr(0, kGooglePrefix.size()) != kGooglePrefix) {
        return ItemKind::file;
    }
    const std::string_view type = mime_type.substr(kGooglePrefix.size());
    if (type == "folder") {
        return ItemKind::folder;
    }
    if (type == "shortcut") {
        return ItemKind::shortcut;
    }
    for (const std::string_view exportable :
         {"document", "spreadsheet", "presentation", "drawing", "script", "jam"}) {
        if (type == exportable) {
            return ItemKind::document;
        }
    }
    return ItemKind::other;
}

std::string_view action_label(ActionKind kind) {
    switch (kind) {
        case ActionKind::mkdir: return "mkdir";
        case ActionKind::rename: return "rename";
        case ActionKind::download: return "download";
        case ActionKind::update: return "update";
        case ActionKind::remove: return "delete";
        case ActionKind::rmdir: return "rmdir";
        case ActionKind::skip: return "skip";
    }
    return "skip";
}

std::string_view outcome_label(ActionOutcome outcome) {
    switch (outcome) {
        case ActionOutcome::planned: return "planned";
        case ActionOutcome::done: return "done";
        case ActionOutcome::failed: return "failed";
        case ActionOutcome::withheld: return "withheld";
        case ActionOutcome::skipped: return "skipped";
    }
    return "planned";
}

}  // namespace gds::model
