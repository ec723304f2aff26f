#pragma once

#include "gds/base/fd.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gds::transfer::testing {

/// One request as it came over the socket.
struct RawRequest {
    std::string path;
    std::optional<std::int64_t> range_from;  ///< of "Range: bytes=N-"
};

/// The socket that a handler answers on; closed when the handler returns.
class Connection {
public:
    explicit Connection(int fd) : fd_(fd) {}
    /// Sends all of it as it is; false once the client has gone.
    bool send(std::string_view bytes);
    /// Returns when the client closes its side.
    void wait_for_close();

private:
    int fd_;
};

/// An HTTP/1.1 server whose answers are written byte for byte by a handler, so that every broken
/// one can be given. A thread for each connection, one request for each connection.
class RawServer {
public:
    using Handler = std::function<void(const RawRequest&, Connection&)>;

    explicit RawServer(Handler handler);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    [[nodiscard]] std::string url(const std::string& path) const;
    /// Requests so far, in the order they came.
    [[nodiscard]] std::vector<RawRequest> requests() const;

private:
    void accept_all();
    void serve(int fd);

    Handler handler_;
    Fd listener_;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::vector<RawRequest> requests_;
    std::vector<std::thread> workers_;
    std::atomic<bool> ended_ = false;
    std::thread acceptor_;
};

/// "HTTP/1.1 STATUS" with these headers, Connection: close, and the body.
std::string answer(const std::string& status, const std::string& headers, const std::string& body);
/// A 200 with Content-Length.
std::string whole(const std::string& body);
/// A 206 of `body` from `from` on.
std::string part(const std::string& body, std::int64_t from);

}  // namespace gds::transfer::testing
