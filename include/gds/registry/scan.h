#pragma once

#include "gds/base/cancel.h"
#include "gds/base/text.h"
#include "gds/registry/report.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gds::registry {

struct ScanOptions {
    std::string directory;  ///< the registry's rootdirectory, or its docker/registry/v2
    std::function<bool(std::string_view)> wants = {};  ///< which repositories; all where empty
    bool gate = false;           ///< the exit code answers: may a garbage collection run now?
    bool deep = false;           ///< hash every blob
    std::string deep_state;      ///< file that remembers how far a deep scan came; "" for none
    std::int64_t deep_rate = 0;  ///< bytes a second that a deep scan may read; 0 for no limit
    int threads = 8;
    Millis confirm_after{2000};
    bool allow_empty = false;
};

/// Read the registry's own tree, never writing to it: what the registry would fail to serve
/// (broken), what a garbage collection would fail at or lose (warnings). The report is settled and
/// has its exit code; at `cancel` it is incomplete.
Report scan(const ScanOptions& options, const Cancel& cancel);

/// Whether a garbage collection would turn this broken reference into a lost image: today a PUT of
/// bytes that are on disk would still mend it.
bool is_relinkable(const Finding& finding);

}  // namespace gds::registry
