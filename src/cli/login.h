#pragma once

#include "gds/base/cancel.h"
#include "gds/base/exit_code.h"
#include "gds/config/config.h"

namespace gds::cli {

/// `auth login`: from the client to a file of credentials, by way of a browser.
ExitCode login(const config::Resolved& options, Cancel& cancel);

}  // namespace gds::cli
