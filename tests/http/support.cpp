#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace gds::http::testing {

namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sockaddr* generic(sockaddr_in& address) {
    return reinterpret_cast<sockaddr*>(&address);  // the socket API's own idiom
}

}  // namespace

Options quick_options() {
    Options options;
    options.first_backoff = Millis(1);
    options.timeout = Millis(30'000);
    options.jitter_seed = 1;
    options.user_agent = "http-test";
    return options;
}

Fixture::Fixture(const std::function<void(Options&)>& adjust, Authorizer* authorizer)
    : engine(
          [&] {
              Options options = quick_options();
              if (adjust) {
                  adjust(options);
              }
              return options;
          }(),
          cancel, authorizer) {}

Request get(std::string url) {
    Request request;
    request.url = std::move(url);
    return request;
}

Listener::Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (::bind(fd_.get(), generic(address), length) != 0 || ::listen(fd_.get(), 128) != 0 ||
        ::getsockname(fd_.get(), generic(address), &length) != 0) {
        std::abort();
    }
    port_ = ntohs(address.sin_port);
}

Fd Listener::accept() const {
    return Fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

void Listener::stop() const {
    ::shutdown(fd_.get(), SHUT_RDWR);
}

RawServer::RawServer(Serve serve) : serve_(std::move(serve)), acceptor_([this] { accept_all(); }) {}

void RawServer::accept_all() {
    for (Fd accepted = listener_.accept(); accepted; accepted = listener_.accept()) {
        const auto fd = std::make_shared<Fd>(std::move(accepted));
        const int number = connections_++;
        const std::lock_guard lock(mutex_);
        open_.push_back(fd);
        threads_.emplace_back([this, fd, number] {
            serve_(fd->get(), number);
            const std::lock_guard closing(mutex_);
            *fd = Fd();
        });
    }
}

RawServer::~RawServer() {
    listener_.stop();
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const auto& fd : open_) {
            ::shutdown(fd->get(), SHUT_RDWR);
        }
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

std::string RawServer::url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

std::string read_head(int fd) {
    std::string head;
    char next = 0;
    while (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0) {
        if (::recv(fd, &next, 1, 0) != 1) {
            return {};
        }
        head += next;
    }
    return head;
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (written <= 0) {
            return;  // the client gave up, which some tests are about
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

void wait_for_close(int fd) {
    std::array<char, 4096> ignored{};
    while (::recv(fd, ignored.data(), ignored.size(), 0) > 0) {
    }
}

void reset_on_close(int fd) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Fd connect_to(int port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(port);
    return ::connect(fd.get(), generic(address), sizeof address) == 0 ? std::move(fd) : Fd();
}

}  // namespace gds::http::testing
