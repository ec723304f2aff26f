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

    /// Show this directory as My Drive; false where it cannot be read.
    bool open_root(const std::string& directory);
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
    Answer rate_error() const;
    bool over_rate();

    Switches switches_;
    Store store_;
    OAuth oauth_;
    Faults faults_;
    RequestLog log_;
    DriveApi api_;
    std::unique_ptr<DiskSource> disk_;
    std::atomic<std::int64_t> latency_ms_{0};
    std::mutex rate_mutex_;
    std::int64_t rate_second_ = 0;
    std::int64_t rate_count_ = 0;
};

/// The control API below /_emulator (docs/emulator.md).
Answer control_answer(const Request& request, Service& service);

}  // namespace emulator
