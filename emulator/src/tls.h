#pragma once

#include "channel.h"

#include <memory>
#include <string>

namespace emulator {

/// A certificate authority of its own and one certificate of it for Google's API hosts, localhost
/// and 127.0.0.1, made anew at each start.
class TlsContext {
public:
    /// null where OpenSSL cannot make them.
    static std::unique_ptr<TlsContext> make();
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// The authority's certificate, for the client's trust store.
    [[nodiscard]] const std::string& ca_pem() const;
    /// Shake hands as the server, on a connected socket that is taken over; null where it fails.
    [[nodiscard]] std::unique_ptr<Channel> accept(int fd) const;

private:
    struct State;
    explicit TlsContext(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// True for the hosts this program stands in for.
bool is_emulated_host(const std::string& host);

}  // namespace emulator
