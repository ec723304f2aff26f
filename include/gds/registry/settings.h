#pragma once

#include "gds/base/text.h"
#include "gds/http/engine.h"
#include "gds/registry/credentials.h"
#include "gds/registry/filter.h"
#include "gds/report/progress.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gds::registry {

/// How registries are reached.
struct ConnectionSettings {
    bool plain_http = false;
    LoginSources login;
    http::Options http;
};

/// Where findings go.
struct OutputSettings {
    bool json = false;  ///< on standard output, instead of text
    std::string report_file, metrics_file, metrics_push;
    std::string instance;  ///< at the Pushgateway; "": the registry's name
    std::string ca_cert;   ///< for the Pushgateway
    report::ProgressMode progress = report::ProgressMode::automatic;
};

/// Who uses what is broken.
struct UsageSettings {
    std::string source;                ///< a file, "-", "kubernetes"; "" where nobody asks
    std::vector<std::string> aliases;  ///< other names by which images call the registry
    std::string service_account_dir;   ///< of the pod
    std::function<std::optional<std::string>(const std::string&)> environment;
};

struct ProbeSettings {
    std::string registry;
    ConnectionSettings connection;
    RepositoryFilter repositories;
    std::vector<std::string> platforms;
    bool deep = false;
    bool allow_empty = false;
    Millis confirm_after{2'000};
    Millis max_duration{0};  ///< 0: no bound
    UsageSettings usage;
    OutputSettings output;
};

struct VerifySettings {
    std::vector<std::string> images;
    std::string expect;  ///< a digest; "" for none
    ConnectionSettings connection;
    std::vector<std::string> platforms;
    bool deep = false;
    Millis confirm_after{2'000};
    Millis max_duration{0};
    OutputSettings output;
};

}  // namespace gds::registry
