#pragma once

#include <httplib.h>

#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace gds::http::testing {

/// A cpp-httplib server (plain or TLS) on a port that the kernel chose. Set handlers on `server`,
/// then start(). Declare it before the engine: its
/// threads wait for kept connections to close.
template <class Server>
class BasicWebServer {
public:
    template <class... Arguments>
    explicit BasicWebServer(Arguments&&... arguments)
        : server(std::forward<Arguments>(arguments)...),
          port_(server.bind_to_any_port("127.0.0.1")) {
        // One thread a connection: a kept connection holds its thread.
        server.new_task_queue = [] { return new httplib::ThreadPool(24); };
        server.set_keep_alive_max_count(10'000);
        server.set_keep_alive_timeout(30);
    }
    ~BasicWebServer() {
        server.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    BasicWebServer(const BasicWebServer&) = delete;
    BasicWebServer& operator=(const BasicWebServer&) = delete;

    void start() {
        thread_ = std::thread([this] { server.listen_after_bind(); });
        while (!server.is_running()) {
            std::this_thread::yield();  // stop() before that would be lost
        }
    }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view path) const {
        return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
    }

    Server server;

private:
    int port_;
    std::thread thread_;
};

using WebServer = BasicWebServer<httplib::Server>;

}  // namespace gds::http::testing
