#pragma once

#include <functional>
#include <string>

namespace emulator {

/// A listening TCP socket. Accepts on a thread of its own, each connection on another.
class Listener {
public:
    /// Takes over a connected socket.
    using Serve = std::function<void(int)>;

    /// Port 0 is any free one. port() is 0 where the address could not be bound.
    Listener(const std::string& address, int port);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] int port() const { return port_; }
    /// Returns at once; connections are served until the process ends.
    void start(Serve serve) const;

private:
    int fd_ = -1;
    int port_ = 0;
};

}  // namespace emulator
