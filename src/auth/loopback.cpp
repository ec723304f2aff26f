#include "loopback.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace gds::auth {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxConnections = 16;
constexpr std::size_t kMaxHead = 16 * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Answer {
    std::string_view status;
    std::string_view text;
};

constexpr Answer kAccepted{"200 OK",
                           "gdrive-sync has the answer. You can close this window; the terminal "
                           "says how it went on."};
constexpr Answer kStranger{"400 Bad Request",
                           "This answer belongs to another login. Open the address that "
                           "gdrive-sync printed last."};
constexpr Answer kNothingHere{"404 Not Found", "Nothing is here."};
constexpr Answer kNotAllowed{"405 Method Not Allowed", "Only GET is answered here."};

/// A small answer fits the socket's buffer; a browser that does not take it misses a page of text.
void reply(int socket, const Answer& answer) {
    const std::string page = fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>gdrive-sync</title>"
        "<p>{}</p></html>\n",
        answer.text);
    const std::string message = fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
        "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n{}",
        answer.status, page.size(), page);
    [[maybe_unused]] const ssize_t sent =
        ::send(socket, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(socket, SHUT_WR);
}

int hex_value(char c) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    const auto at = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string decode_component(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
        if (escape) {
            result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            result += text[i] == '+' ? ' ' : text[i];
        }
    }
    return result;
}

/// The answer to one request, and the redirect if it is the one waited for.
std::pair<Answer, std::optional<Redirect>> judge(std::string_view head, const std::string& state) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    if (!line.starts_with("GET ")) {
        return {kNotAllowed, std::nullopt};
    }
    const std::string_view rest = line.substr(4);
    const std::string_view target = rest.substr(0, rest.find(' '));
    const auto question = target.find('?');
    if (question == std::string_view::npos || target.substr(0, question) != "/") {
        return {kNothingHere, std::nullopt};
    }
    auto parameters = decode_query(target.substr(question + 1));
    Redirect redirect{parameters["code"], parameters["error"]};
    if (redirect.code.empty() && redirect.error.empty()) {
        return {kNothingHere, std::nullopt};
    }
    // Anything on this machine can send a request here: without our state it is not Google's
    // answer.
    if (parameters["state"] != state) {
        return {kStranger, std::nullopt};
    }
    return {kAccepted, std::move(redirect)};
}

enum class Reading { more, complete, over };

/// Takes what has arrived of a request's head.
Reading read_head(int socket, std::string& head) {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return Reading::more;
    }
    if (count <= 0) {
        return Reading::over;
    }
    head.append(buffer.data(), static_cast<std::size_t>(count));
    if (head.find(kHeadEnd) != std::string::npos) {
        return Reading::complete;
    }
    return head.size() > kMaxHead ? Reading::over : Reading::more;
}

}  // namespace

std::map<std::string, std::string> decode_query(std::string_view query) {
    std::map<std::string, std::string> parameters;
    for (const std::string& pair : split(query, '&')) {
        const auto equals = std::min(pair.find('='), pair.size());
        const std::string_view value =
            std::string_view(pair).substr(std::min(equals + 1, pair.size()));
        parameters.try_emplace(decode_component(std::string_view(pair).substr(0, equals)),
                               decode_component(value));
    }
    return parameters;
}

Result<LoopbackListener> LoopbackListener::open(int port) {
    const std::string what = fmt::format("listening on 127.0.0.1:{} for the browser", port);
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) {
        return errno_error(errno, what);
    }
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), SOMAXCONN) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        if (errno == EADDRINUSE) {
            return error(Code::conflict, what + ": the port is taken; choose another with --port");
        }
        return errno_error(errno, what);
    }
    return LoopbackListener(std::move(socket), ntohs(address.sin_port));
}

void LoopbackListener::accept_one() {
    Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
        return;  // the browser gave up between poll and accept
    }
    if (connections_.size() == kMaxConnections) {
        connections_.pop_front();
    }
    connections_.push_back(Connection{std::move(socket), {}});
}

Status LoopbackListener::poll_once(Millis limit, const Cancel& cancel) {
    std::vector<pollfd> polled = {{cancel.wake_fd(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    for (const Connection& connection : connections_) {
        polled.push_back({connection.socket.get(), POLLIN, 0});
    }
    if (::poll(polled.data(), polled.size(), static_cast<int>(limit.count())) < 0 &&
        errno != EINTR) {
        return errno_error(errno, "waiting for the browser");
    }
    if ((polled[1].revents & POLLIN) != 0) {
        accept_one();
    }
    return {};
}

std::optional<Redirect> LoopbackListener::serve_ready(const std::string& state) {
    for (auto connection = connections_.begin(); connection != connections_.end();) {
        const Reading reading = read_head(connection->socket.get(), connection->head);
        if (reading == Reading::more) {
            ++connection;
            continue;
        }
        std::optional<Redirect> redirect;
        if (reading == Reading::complete) {
            auto judged = judge(connection->head, state);
            reply(connection->socket.get(), judged.first);
            redirect = std::move(judged.second);
        }
        connection = connections_.erase(connection);
        if (redirect) {
            return redirect;
        }
    }
    return std::nullopt;
}

Result<Redirect> LoopbackListener::wait(const std::string& state, Millis limit,
                                        const Cancel& cancel) {
    static constexpr Millis kSlice{1'000};  // how late a deadline of `cancel` may be seen
    const auto end = Clock::now() + limit;
    while (!cancel.stopped()) {
        const auto left = std::chrono::ceil<Millis>(end - Clock::now());
        if (left <= Millis(0)) {
            return error(
                Code::timeout,
                fmt::format("nobody came back from the browser within {}; run `gdrive-sync "
                            "auth login` again",
                            format_duration(limit)));
        }
        GDS_CHECK(poll_once(std::min(left, kSlice), cancel));
        if (auto redirect = serve_ready(state)) {
            return std::move(*redirect);
        }
    }
    return error(Code::cancelled, "the login was stopped before the browser came back");
}

}  // namespace gds::auth
