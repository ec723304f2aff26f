#pragma once

#include "gds/base/text.h"
#include "gds/http/engine.h"
#include "gds/registry/credentials.h"
#include "gds/registry/filter.h"
#include "gds/report/progress.h"

#include <cstdint>
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

struct ScanSettings {
    std::string directory;  ///< the registry's rootdirectory, or its docker/registry/v2
    RepositoryFilter repositories;
    bool gate = false;           ///< the exit code answers: may a garbage collection run now?
    bool deep = false;           ///< hash every blob
    std::string resume;          ///< file that remembers how far a deep scan came; "" for none
    std::int64_t deep_rate = 0;  ///< bytes a second that a deep scan may read; 0 for no bound
    int concurrency = 8;         ///< reads under way at once
    bool allow_empty = false;
    Millis confirm_after{2'000};
    Millis max_duration{0};
    UsageSettings usage;
    OutputSettings output;
};

struct RepairSettings {
    std::string registry;
    ConnectionSettings connection;
    std::string from;              ///< report of a probe or a scan
    std::string root;              ///< the registry's own tree, to take bytes from; "" for none
    bool yes = false;              ///< carry the plan out
    std::int64_t max_delete = 25;  ///< a plan that deletes more is not carried out; -1: no limit
    std::string backup_dir;        ///< where deleted manifests are kept; "" for nowhere
    Millis confirm_after{2'000};
    Millis max_duration{0};
    UsageSettings usage;
    OutputSettings output;
};

}  // namespace gds::registry
