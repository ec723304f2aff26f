#include "channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace emulator {
namespace {

class PlainChannel final : public Channel {
public:
    explicit PlainChannel(int fd) : fd_(fd) {}
    ~PlainChannel() override { ::close(fd_); }
    PlainChannel(const PlainChannel&) = delete;
    PlainChannel& operator=(const PlainChannel&) = delete;

    ssize_t read(char* into, std::size_t size) override { return ::recv(fd_, into, size, 0); }
    bool write(const char* from, std::size_t size) override {
        while (size > 0) {
            const ssize_t sent = ::send(fd_, from, size, MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            from += sent;
            size -= static_cast<std::size_t>(sent);
        }
        return true;
    }
    [[nodiscard]] int fd() const override { return fd_; }

private:
    int fd_;
};

}  // namespace

void Channel::reset_on_close() {
    const linger hard{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

void Channel::wait_for_hangup(int ms) const {
    pollfd entry{fd(), POLLRDHUP, 0};
    ::poll(&entry, 1, ms);
}

std::unique_ptr<Channel> make_plain_channel(int fd) {
    return std::make_unique<PlainChannel>(fd);
}

}  // namespace emulator
