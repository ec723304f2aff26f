#pragma once

#include "support.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gds::http::testing {

/// Another program; killed and reaped at the end.
class Process {
public:
    /// `inherited` becomes descriptor 3 of the program; -1 for none.
    Process(std::vector<std::string> command, std::vector<std::string> extra_environment,
            int inherited);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    /// Its exit code, when it has ended by itself.
    int wait();

private:
    int pid_ = -1;
};

/// A certificate authority of our own, and a server's certificate by it for "localhost", as PEM
/// files.
class Certificates {
public:
    Certificates();
    ~Certificates();
    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;

    [[nodiscard]] std::string ca() const { return directory_ + "/ca.pem"; }
    [[nodiscard]] std::string key() const { return directory_ + "/server.key"; }
    [[nodiscard]] std::string certificate() const { return directory_ + "/server.pem"; }
    [[nodiscard]] std::string file(const std::string& name, const std::string& content) const;

private:
    std::string directory_;
};

/// nghttpx before a plain server: TLS, and HTTP/2 where the client wants it.
class TlsFront {
public:
    TlsFront(const Certificates& certificates, int backend_port,
             const std::vector<std::string>& options = {});
    [[nodiscard]] int port() const { return listener_.port(); }
    [[nodiscard]] std::string url(const std::string& path) const {
        return "https://localhost:" + std::to_string(port()) + path;
    }

private:
    Listener listener_;
    Process process_;
};

/// A proxy that knows CONNECT only.
class ConnectProxy {
public:
    ConnectProxy();
    [[nodiscard]] int port() const { return server_.port(); }
    [[nodiscard]] int tunnels() const { return tunnels_; }
    /// What the last one was asked for with: request line and headers.
    [[nodiscard]] std::string asked() const;

private:
    void serve(int client);
    std::atomic<int> tunnels_{0};
    mutable std::mutex mutex_;
    std::string asked_;
    RawServer server_;
};

/// An environment variable for the length of a test.
class ScopedEnvironment {
public:
    ScopedEnvironment(std::string name, const std::string& value);
    ~ScopedEnvironment();
    ScopedEnvironment(const ScopedEnvironment&) = delete;
    ScopedEnvironment& operator=(const ScopedEnvironment&) = delete;

private:
    std::string name_;
};

}  // namespace gds::http::testing
