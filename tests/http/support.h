#pragma once

#include "gds/base/cancel.h"
#include "gds/base/fd.h"
#include "gds/http/engine.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gds {

/// For failed expectations: GoogleTest would print bytes.
inline void PrintTo(const Result<http::Response>& result, std::ostream* out) {
    *out << (result ? http::status_text(result->status)
                    : std::string(code_label(result.error().code)) + ": " + result.error().message);
}

}  // namespace gds

namespace gds::http::testing {

/// Options whose waits are too short to notice.
Options quick_options();

/// A stop and an engine with quick_options() as changed by `adjust`.
struct Fixture {
    explicit Fixture(const std::function<void(Options&)>& adjust = {},
                     Authorizer* authorizer = nullptr);
    Cancel cancel;
    Engine engine;
};

Request get(std::string url);

/// A listening socket on a port that the kernel chose.
class Listener {
public:
    Listener();
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] int port() const { return port_; }
    /// The next connection; an invalid one after stop().
    [[nodiscard]] Fd accept() const;
    /// Ends accept(), from any thread.
    void stop() const;

private:
    Fd fd_;
    int port_ = 0;
};

/// A server that says exactly what the test wants: `serve` gets each connection (from 0) in turn,
/// on a thread of its own, and may read and write as it likes. The connection closes when it
/// returns.
class RawServer {
public:
    using Serve = std::function<void(int fd, int connection)>;

    explicit RawServer(Serve serve);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    [[nodiscard]] std::string url(std::string_view path = "/") const;
    [[nodiscard]] int port() const { return listener_.port(); }
    [[nodiscard]] int connections() const { return connections_; }

private:
    void accept_all();

    Serve serve_;
    Listener listener_;
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::vector<std::shared_ptr<Fd>> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// The head of one request as it came, up to the blank line; empty where the peer closed.
std::string read_head(int fd);
void write_all(int fd, std::string_view text);
/// Wait until the peer closes (or resets) the connection.
void wait_for_close(int fd);
/// Make close(2) send a reset instead of an orderly end.
void reset_on_close(int fd);
/// A connection to a port of this machine.
Fd connect_to(int port);

/// An exchange that keeps all it is told.
class Recorder : public Exchange {
public:
    explicit Recorder(Request request) : wanted(std::move(request)) {}

    Result<Request> request() override {
        ++attempts;
        return wanted;
    }
    Status head(const Response& response) override {
        heads.push_back(response.status);
        return {};
    }
    Status body(std::string_view bytes) override {
        text += bytes;
        return {};
    }
    Status end() override {
        ++ends;
        return {};
    }
    void done(Result<Response> result) override {
        ++dones;
        answer = std::move(result);
    }

    Request wanted;
    int attempts = 0;
    int ends = 0;
    int dones = 0;
    std::vector<int> heads;
    std::string text;
    std::optional<Result<Response>> answer;
};

inline void explain(const Error& failure, ::testing::MatchResultListener& listener) {
    listener << code_label(failure.code) << ": " << failure.message;
}

/// A Result that is an Error of that code.
MATCHER_P(FailedWith, code, std::string("is an error of code ") + std::string(code_label(code))) {
    if (arg.has_value()) {
        *result_listener << "a value";
        return false;
    }
    explain(arg.error(), *result_listener);
    return arg.error().code == code;
}

/// A Result<Response> of that status.
MATCHER_P(Answered, status, "is an answer of status " + std::to_string(status)) {
    if (!arg.has_value()) {
        explain(arg.error(), *result_listener);
        return false;
    }
    return arg->status == status;
}

}  // namespace gds::http::testing
