#pragma once

#include <optional>
#include <string>

namespace emulator {

/// Reads the head of a proxy request from a connected socket and answers it (RFC 9110 section
/// 9.3.6). The host that the client wants a tunnel to, if it is one we stand in for; for any other,
/// and for anything but CONNECT, the refusal is sent and there is no value.
std::optional<std::string> accept_tunnel(int fd);

}  // namespace emulator
