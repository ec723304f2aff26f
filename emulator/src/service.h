#pragma once

#include "disk_source.h"
#include "drive_api.h"
#include "faults.h"
#include "http.h"
#include "oauth.h"
#include "request_log.h"
#include "store.h"
#include "switches.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace emulator {

/// The whole emulator behind its sockets: one request in, one answer out. Thread-safe.
class Service {
public:
    Service(OAuthOptions oauth, std::size_t log_limit);

    Answer answer(const Request& request);

    /// Show this directory as My Drive; false where it cannot be read. Whoever does not `follow` it
    /// takes up its changes in rescan() alone.
    bool open_root(const std::string& directory, bool follow);
    void set_latency(std::int64_t ms) { latency_ms_ = ms; }
    /// Take up changes on disk now.
    void rescan();

    Switches& switches() { return switches_; }
    Store& store() { return store_; }
    Faults& faults() { return faults_; }
    OAuth& oauth() { return oauth_; }
    RequestLog& log() { return log_; }

private:
    Answer handle(const Request& request, const Route& route);
    Answer drive_answer(const Request& request, const Route& route);
    Answer struck(const FaultAction& action, const Request& request, const Route& route);
    Answer rate_error();
    bool over_rate(const Route& route);

    Switches switches_;
    Store store_;
    OAuth oauth_;
    Faults faults_;
    RequestLog log_;
    DriveApi api_;
    std::unique_ptr<DiskSource> disk_;
    bool follow_disk_ = true;
    std::atomic<std::int64_t> latency_ms_{0};
    /// What was used up in the present second, or minute.
    struct Window {
        std::int64_t begin = 0;
        std::int64_t used = 0;
        std::int64_t add(std::int64_t now, std::int64_t amount);
    };
    std::mutex rate_mutex_;
    Window requests_, units_;
    std::int64_t refused_until_ms_ = 0;
};

/// The control API below /_emulator (docs/emulator.md).
Answer control_answer(const Request& request, Service& service);

}  // namespace emulator
