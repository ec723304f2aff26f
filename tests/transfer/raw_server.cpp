#include "transfer/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace gds::transfer::testing {

namespace {

/// The request's head, up to the empty line.
std::string read_head(int fd) {
    std::string head;
    std::array<char, 4096> block{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = ::recv(fd, block.data(), block.size(), 0);
        if (count <= 0) {
            return {};
        }
        head.append(block.data(), static_cast<std::size_t>(count));
    }
    return head;
}

RawRequest parse(const std::string& head) {
    RawRequest request;
    const auto start = head.find(' ') + 1;
    request.path = head.substr(start, head.find(' ', start) - start);
    const auto range = head.find("Range: bytes=");
    if (range != std::string::npos) {
        request.range_from = std::atoll(head.c_str() + range + 13);
    }
    return request;
}

}  // namespace

bool Connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void Connection::wait_for_close() {
    std::array<char, 64> block{};
    while (::recv(fd_, block.data(), block.size(), 0) > 0) {
    }
}

RawServer::RawServer(Handler handler)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), generic, &length) != 0) {
        std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
    ended_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (auto& worker : workers_) {
        worker.join();
    }
}

std::string RawServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<RawRequest> RawServer::requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
}

void RawServer::accept_all() {
    while (!ended_) {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) {
            workers_.emplace_back([this, fd] { serve(fd); });
        }
    }
}

void RawServer::serve(int fd) {
    const Fd owned(fd);
    const auto head = read_head(fd);
    if (head.empty()) {
        return;
    }
    const auto request = parse(head);
    {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(request);
    }
    Connection connection(fd);
    handler_(request, connection);
    ::shutdown(fd, SHUT_WR);
}

std::string answer(const std::string& status, const std::string& headers, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

std::string whole(const std::string& body) {
    return answer("200 OK", "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

std::string part(const std::string& body, std::int64_t from) {
    const auto rest = body.substr(static_cast<std::size_t>(from));
    return answer("206 Partial Content",
                  "Content-Length: " + std::to_string(rest.size()) + "\r\nContent-Range: bytes " +
                      std::to_string(from) + "-" + std::to_string(body.size() - 1) + "/" +
                      std::to_string(body.size()) + "\r\n",
                  rest);
}

}  // namespace gds::transfer::testing
