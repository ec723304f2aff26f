#pragma once

#include "gds/base/result.h"
#include "gds/registry/report.h"

#include <string>
#include <string_view>

namespace gds::registry {

/// Prometheus text of one run: every registry_probe_* series of the contract, 0 where nothing
/// counts yet. A scan's are registry_scan_*, and a verification's registry_verify_*, so that the
/// few images of a push never stand for the whole registry at a Pushgateway. `previous` is what the
/// last run wrote, or "": from there come the last complete run and, where the catalog could not be
/// read, what is known of the content: a registry that cannot be asked has not healed.
std::string metrics_text(const Report& report, std::string_view previous);

/// metrics_text() into a file by rename, on top of what lies there.
Status write_metrics_file(const std::string& path, const Report& report);
/// To a Pushgateway's base URL, by POST: what is not known is left as it is there.
Status push_metrics(const std::string& base, const std::string& instance,
                    const std::string& ca_cert, const Report& report);

}  // namespace gds::registry
