#include "gds/plan/decide.h"

namespace gds::plan {

using model::ActionKind;

std::optional<Transfer> decide(const FileCase& file) {
    if (file.held == Held::nothing) {
        return Transfer{ActionKind::download, file.was_recorded ? "missing" : "new"};
    }
    if (!file.same_content) {
        return Transfer{ActionKind::update, "content"};
    }
    if (file.held == Held::edited) {
        return Transfer{ActionKind::update, "local"};
    }
    if (file.held == Held::touched || !file.same_time) {
        return Transfer{ActionKind::update, "mtime"};
    }
    return std::nullopt;
}

}  // namespace gds::plan
