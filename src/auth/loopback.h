#pragma once

#include "gds/base/cancel.h"
#include "gds/base/fd.h"
#include "gds/base/text.h"

#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gds::auth {

/// What the browser brought back (RFC 6749 section 4.1.2); one of the two is set.
struct Redirect {
    std::string code;
    std::string error;
};

/// The decoded parameters of a query or form; of several with one name the first counts.
std::map<std::string, std::string> decode_query(std::string_view query);

/// Listens on 127.0.0.1 for the one redirect that ends an authorisation. Browsers open connections
/// they never use and ask for icons, so it serves several at once and only one of them counts.
class LoopbackListener {
public:
    /// Error: conflict where the port is taken, else io.
    static Result<LoopbackListener> open(int port);

    [[nodiscard]] int port() const { return port_; }
    /// The redirect that carries `state`. Error: timeout, cancelled.
    Result<Redirect> wait(const std::string& state, Millis limit, const Cancel& cancel);

private:
    struct Connection {
        Fd socket;
        std::string head;
    };

    LoopbackListener(Fd socket, int port) : socket_(std::move(socket)), port_(port) {}
    void accept_one();
    Status poll_once(Millis limit, const Cancel& cancel);
    std::optional<Redirect> serve_ready(const std::string& state);

    Fd socket_;
    int port_;
    std::list<Connection> connections_;
};

}  // namespace gds::auth
