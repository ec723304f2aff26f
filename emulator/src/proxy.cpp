#include "proxy.h"

#include "tls.h"

#include <sys/socket.h>

#include <string_view>

namespace emulator {
namespace {

constexpr std::size_t kMaxHead = 16384;

/// Byte by byte: what follows the head belongs to the tunnel.
std::string read_head(int fd) {
    std::string head;
    char c = 0;
    while (head.size() < kMaxHead && !head.ends_with("\r\n\r\n") && ::recv(fd, &c, 1, 0) == 1) {
        head += c;
    }
    return head;
}

void send_text(int fd, std::string_view text) {
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace

std::optional<std::string> accept_tunnel(int fd) {
    const std::string head = read_head(fd);
    const std::string_view line = std::string_view(head).substr(0, head.find("\r\n"));
    constexpr std::string_view kConnect = "CONNECT ";
    const std::string_view target =
        line.starts_with(kConnect) ? line.substr(kConnect.size()) : std::string_view();
    const std::string host(target.substr(0, target.find(':')));
    if (!is_emulated_host(host)) {
        send_text(fd, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return std::nullopt;
    }
    send_text(fd, "HTTP/1.1 200 Connection established\r\n\r\n");
    return host;
}

}  // namespace emulator
