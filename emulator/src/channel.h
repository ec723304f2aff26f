#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

namespace emulator {

/// One connection's bytes, plain or TLS. Blocking; owned by the connection's thread.
class Channel {
public:
    Channel() = default;
    virtual ~Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Up to `size` bytes; 0 at the end, negative on failure.
    virtual ssize_t read(char* into, std::size_t size) = 0;
    /// All of it, or false.
    virtual bool write(const char* from, std::size_t size) = 0;
    [[nodiscard]] virtual int fd() const = 0;
    /// End the connection with RST when the channel is destroyed.
    void reset_on_close();
    /// Return when the client has hung up, or after `ms` (-1: however long it takes).
    void wait_for_hangup(int ms) const;
};

/// Takes over a connected socket.
std::unique_ptr<Channel> make_plain_channel(int fd);

}  // namespace emulator
