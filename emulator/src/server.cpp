#include "server.h"

#include "timestamp.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

namespace emulator {
namespace {

constexpr std::size_t kBlock = 128 * 1024;

/// A channel as the HTTP library wants it, with buffers: it reads heads byte by byte and writes
/// heads and bodies apart.
class BufferedStream final : public httplib::Stream {
public:
    BufferedStream(Channel& channel, std::string name) : via(std::move(name)), channel_(channel) {}

    [[nodiscard]] bool is_readable() const override { return !ended_; }
    [[nodiscard]] bool is_writable() const override { return !ended_; }
    ssize_t read(char* into, std::size_t size) override {
        if (at_ == filled_) {
            const ssize_t n = ended_ ? 0 : channel_.read(in_.data(), in_.size());
            if (n <= 0) {
                ended_ = true;
                return n;
            }
            at_ = 0;
            filled_ = static_cast<std::size_t>(n);
        }
        const std::size_t take = std::min(size, filled_ - at_);
        std::copy_n(in_.data() + at_, take, into);
        at_ += take;
        return static_cast<ssize_t>(take);
    }
    ssize_t write(const char* from, std::size_t size) override {
        if (size >= kBlock) {  // a whole block of a body goes out as it is
            flush();
            send(from, size);
        } else {
            out_.append(from, size);
            if (out_.size() >= kBlock) {
                flush();
            }
        }
        return ended_ ? -1 : static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override {
        ip = "127.0.0.1";
        port = 0;
    }
    void get_local_ip_and_port(std::string& ip, int& port) const override {
        ip = "127.0.0.1";
        port = 0;
    }
    [[nodiscard]] socket_t socket() const override { return channel_.fd(); }

    void flush() {
        send(out_.data(), out_.size());
        out_.clear();
    }
    /// No more bytes either way; what was written before flush() has gone out.
    void end(bool with_reset) {
        if (with_reset) {
            channel_.reset_on_close();
        }
        out_.clear();
        ended_ = true;
    }
    [[nodiscard]] bool ended() const { return ended_; }
    void wait(std::int64_t ms) const { channel_.wait_for_hangup(static_cast<int>(ms)); }

    const std::string via;
    bool last_answer = false;     ///< the end of the connection is the end of the body
    bool understood = false;      ///< the present request came as far as our handler
    std::string accept_encoding;  ///< hidden from the library, which would compress

private:
    void send(const char* from, std::size_t size) {
        ended_ = ended_ || (size > 0 && !channel_.write(from, size));
    }

    Channel& channel_;
    std::array<char, 16384> in_{};
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::string out_;
    bool ended_ = false;
};

/// The stream that this thread serves: the library's handlers do not get to see it.
thread_local BufferedStream* current_stream = nullptr;

/// Path and query of a target that may name scheme and host too (RFC 9112 section 3.2.2).
std::string origin_form(const std::string& target) {
    const auto scheme = target.find("://");
    if (target.starts_with("/") || scheme == std::string::npos) {
        return target;
    }
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string::npos ? "/" : target.substr(path);
}

Request convert(const httplib::Request& from, const BufferedStream& stream) {
    Request request;
    request.method = from.method;
    request.via = stream.via;
    request.host = from.get_header_value("Host");
    request.version = from.version;
    request.target = origin_form(from.target);
    const auto mark = request.target.find('?');
    request.path = url_decode(std::string_view(request.target).substr(0, mark), false);
    if (mark != std::string::npos) {
        request.query = parse_form(std::string_view(request.target).substr(mark + 1));
    }
    for (const auto& [name, value] : from.headers) {
        std::string lower = name;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        request.headers[lower] = value;
    }
    if (!stream.accept_encoding.empty()) {
        request.headers["accept-encoding"] = stream.accept_encoding;
    }
    request.body = from.body;
    return request;
}

/// Sends a body under orders to misbehave, one block a call.
class Sender {
public:
    Sender(Answer answer, BufferedStream& stream) : answer_(std::move(answer)), stream_(stream) {
        if (!answer_.content) {
            answer_.length = static_cast<std::int64_t>(answer_.body.size());
            answer_.content = make_bytes(std::move(answer_.body));
        }
    }

    [[nodiscard]] std::int64_t length() const { return answer_.length; }
    [[nodiscard]] bool done() const { return sent_ >= answer_.length; }

    /// False ends the connection.
    bool step(httplib::DataSink& sink) {
        Delivery& how = answer_.delivery;
        if (how.stall_at && sent_ >= *how.stall_at) {
            stream_.flush();
            stream_.wait(how.stall_ms);
            how.stall_at.reset();
        }
        if (how.cut_after && sent_ >= *how.cut_after) {
            stream_.flush();
            stream_.end(how.reset);
            return false;
        }
        std::string block =
            answer_.content->read(answer_.offset + sent_, static_cast<std::size_t>(block_size()));
        if (block.empty()) {
            stream_.end(true);
            return false;
        }
        if (how.flip_at && *how.flip_at >= sent_ &&
            *how.flip_at < sent_ + static_cast<std::int64_t>(block.size())) {
            char& byte = block[static_cast<std::size_t>(*how.flip_at - sent_)];
            byte = static_cast<char>(~byte);
        }
        sent_ += static_cast<std::int64_t>(block.size());
        const bool written = sink.write(block.data(), block.size());
        if (how.rate > 0) {
            stream_.flush();
            stream_.wait(static_cast<std::int64_t>(block.size()) * 1000 / how.rate);
        }
        return written && !stream_.ended();
    }

private:
    [[nodiscard]] std::int64_t block_size() const {
        const Delivery& how = answer_.delivery;
        std::int64_t size = std::min<std::int64_t>(kBlock, answer_.length - sent_);
        for (const auto& mark : {how.cut_after, how.stall_at}) {
            if (mark && *mark > sent_) {
                size = std::min(size, *mark - sent_);
            }
        }
        // Ten portions a second are smooth enough.
        return how.rate > 0 ? std::min(size, std::max<std::int64_t>(1, how.rate / 10)) : size;
    }

    Answer answer_;
    BufferedStream& stream_;
    std::int64_t sent_ = 0;
};

void set_body(Answer answer, BufferedStream& stream, httplib::Response& response) {
    const std::string type = answer.content_type;
    const Delivery::Length framing = answer.delivery.length;
    auto sender = std::make_shared<Sender>(std::move(answer), stream);
    if (framing == Delivery::Length::content_length) {
        response.set_content_provider(static_cast<std::size_t>(sender->length()), type,
                                      [sender](std::size_t, std::size_t, httplib::DataSink& sink) {
                                          return sender->step(sink);
                                      });
        return;
    }
    const auto until_done = [sender](std::size_t, httplib::DataSink& sink) {
        if (sender->done()) {
            sink.done();
            return true;
        }
        return sender->step(sink);
    };
    if (framing == Delivery::Length::chunked) {
        response.set_chunked_content_provider(type, until_done);
    } else {
        response.set_content_provider(type, until_done);
        response.set_header("Connection", "close");
        stream.last_answer = true;
    }
}

void deliver(Answer answer, BufferedStream& stream, httplib::Response& response) {
    if (answer.delivery.hang) {
        stream.wait(-1);
    }
    if (answer.delivery.hang || answer.delivery.drop) {
        stream.end(answer.delivery.reset);
        return;
    }
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) {
        response.set_header(name, value);
    }
    const bool simple = !answer.content && answer.delivery.honest();
    if (simple || (answer.size() == 0 && answer.delivery.honest())) {
        response.set_content(answer.body, answer.content_type);
        return;
    }
    set_body(std::move(answer), stream, response);
}

}  // namespace

/// The library's server without its sockets and threads.
class HttpServer::Engine : public httplib::Server {
public:
    explicit Engine(HttpServer::Handler handler) : handler_(std::move(handler)) {
        svr_sock_ = 0;  // "running", as far as the library's content providers care
        set_pre_routing_handler(
            [this](const httplib::Request& request, httplib::Response& response) {
                // Others have a body that is still to be read; their handlers come after that.
                if (request.method != "GET" && request.method != "HEAD") {
                    return HandlerResponse::Unhandled;
                }
                answer(request, response);
                return HandlerResponse::Handled;
            });
        const auto with_body = [this](const httplib::Request& request,
                                      httplib::Response& response) { answer(request, response); };
        const char* const any = R"([\s\S]*)";
        Post(any, with_body);
        Put(any, with_body);
        Patch(any, with_body);
        Delete(any, with_body);
        Options(any, with_body);
    }
    ~Engine() override { svr_sock_ = INVALID_SOCKET; }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    void serve(BufferedStream& stream) {
        const auto prepare = [&stream](httplib::Request& request) {
            stream.accept_encoding = request.get_header_value("Accept-Encoding");
            request.headers.erase("Accept-Encoding");
            request.ranges.clear();  // ranges are our business
            if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) {
                // No body (RFC 9112 section 6.3); the library would read until the end.
                request.headers.emplace("Content-Length", "0");
            }
        };
        bool closed = false;
        // What follows a request that was not understood may be anything.
        do {
            stream.understood = false;
            closed = !process_request(stream, false, closed, prepare) || closed;
            stream.flush();
        } while (!closed && stream.understood && !stream.ended() && !stream.last_answer);
    }

private:
    void answer(const httplib::Request& request, httplib::Response& response) const {
        BufferedStream& stream = *current_stream;
        stream.understood = true;
        const Request converted = convert(request, stream);
        Answer made = handler_(converted);
        if (converted.version == "HTTP/1.0" && made.delivery.length == Delivery::Length::chunked) {
            made.delivery.length = Delivery::Length::until_close;
        }
        deliver(std::move(made), stream, response);
    }

    HttpServer::Handler handler_;
};

HttpServer::HttpServer(Handler handler) : engine_(std::make_unique<Engine>(std::move(handler))) {
    // The library makes its table of methods at the first request. Here that is one without a
    // method, before there are threads: the thread sanitizer cannot see into a library that was
    // built without it, and would report the table's later readers.
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
        const auto channel = make_plain_channel(ends[0]);
        const auto client = make_plain_channel(ends[1]);
        static constexpr std::string_view kNonsense = "- / HTTP/1.1\r\n\r\n";
        if (client->write(kNonsense.data(), kNonsense.size())) {
            ::shutdown(ends[1], SHUT_WR);
            serve(*channel, "");
        }
    }
}
HttpServer::~HttpServer() = default;

void HttpServer::serve(Channel& channel, const std::string& via) {
    BufferedStream stream(channel, via);
    current_stream = &stream;
    engine_->serve(stream);
    current_stream = nullptr;
}

}  // namespace emulator
