#pragma once

#include "gds/auth/credentials.h"
#include "gds/config/config.h"
#include "gds/http/engine.h"
#include "gds/run/run.h"

#include <string>

// gdrive-sync's options, as the rooms that work with them want them.
namespace gds::cli {

http::Options http_options(const config::Resolved& options);
auth::CredentialSources credential_sources(const config::Resolved& options);
run::Settings run_settings(const std::string& command, const config::Resolved& options);
run::VolumeSettings volume_settings(const config::Resolved& options);

}  // namespace gds::cli
