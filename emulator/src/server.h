#pragma once

#include "channel.h"
#include "http.h"

#include <functional>
#include <memory>
#include <string>

namespace emulator {

/// HTTP/1.1 on connections that others accepted: any number of them, a thread each.
class HttpServer {
public:
    using Handler = std::function<Answer(const Request&)>;

    explicit HttpServer(Handler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Answer requests until the connection ends. `via` is noted in each Request.
    void serve(Channel& channel, const std::string& via);

private:
    class Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace emulator
