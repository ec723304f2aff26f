#include "listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

namespace emulator {
namespace {

void accept_for_ever(int listening, const Listener::Serve& serve) {
    for (;;) {
        const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            ::usleep(10'000);  // out of descriptors: wait for connections to end
            continue;
        }
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        std::thread([serve, fd] { serve(fd); }).detach();
    }
}

}  // namespace

Listener::Listener(const std::string& address, int port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1) {
        return;
    }
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t length = sizeof name;
    auto* const generic = reinterpret_cast<sockaddr*>(&name);
    if (::bind(fd_, generic, sizeof name) == 0 && ::listen(fd_, 512) == 0 &&
        ::getsockname(fd_, generic, &length) == 0) {
        port_ = ntohs(name.sin_port);
    }
}

Listener::~Listener() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void Listener::start(Serve serve) const {
    std::thread([fd = fd_, serve = std::move(serve)] { accept_for_ever(fd, serve); }).detach();
}

}  // namespace emulator
