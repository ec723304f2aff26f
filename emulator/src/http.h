#pragma once

#include "content.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emulator {

/// A request as the handlers see it; independent of the HTTP library.
struct Request {
    std::string method;
    std::string via;                                         ///< "http", "tls" or "proxy"
    std::string host;                                        ///< the Host header
    std::string version;                                     ///< "HTTP/1.1"
    std::string target;                                      ///< path and query as sent
    std::string path;                                        ///< decoded
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded
    std::map<std::string, std::string> headers;              ///< names in lower case
    std::string body;

    /// The first parameter of that name, or nothing.
    [[nodiscard]] std::optional<std::string> param(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const { return param(name) == "true"; }
    /// The header (name in lower case), or "".
    [[nodiscard]] std::string header(const std::string& name) const;
    /// "https://www.googleapis.com" or "http://127.0.0.1:1234": where the client believes to be.
    [[nodiscard]] std::string origin() const;
};

/// How the bytes of an answer are put on the wire; the defaults are an honest server.
struct Delivery {
    enum class Length : std::uint8_t { content_length, chunked, until_close };
    Length length = Length::content_length;
    bool drop = false;                      ///< the connection ends without an answer
    bool hang = false;                      ///< no answer until the client gives up
    std::optional<std::int64_t> cut_after;  ///< bytes of body, then the connection ends
    bool reset = false;                     ///< it ends with RST instead of FIN
    std::optional<std::int64_t> flip_at;    ///< the byte there is inverted
    std::optional<std::int64_t> stall_at;   ///< nothing more is sent there for stall_ms
    std::int64_t stall_ms = 0;              ///< -1: for ever
    std::int64_t rate = 0;                  ///< bytes a second; 0: no bound

    [[nodiscard]] bool honest() const {
        return length == Length::content_length && !drop && !hang && !cut_after && !reset &&
               !flip_at && !stall_at && rate == 0;
    }
};

/// What is answered: a text, or a part of some content.
struct Answer {
    int status = 200;
    std::string content_type = "application/json; charset=UTF-8";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    ContentPtr content;  ///< sent instead of `body` where set
    std::int64_t offset = 0;
    std::int64_t length = 0;
    Delivery delivery;

    [[nodiscard]] std::int64_t size() const {
        return content ? length : static_cast<std::int64_t>(body.size());
    }
};

/// Google's error object; the canonical status name follows from `code`.
Answer error_answer(int code, std::string_view reason, std::string_view message,
                    std::string_view location = {}, std::string_view domain = "global");
/// An OAuth error (RFC 6749 section 5.2).
Answer oauth_error(int code, std::string_view error, std::string_view description,
                   std::string_view subtype = {});
/// A page, as proxies and login screens answer.
Answer html_answer(int status, std::string_view title);

std::string url_encode(std::string_view text);
std::string url_decode(std::string_view text, bool plus_is_space);
/// "a=b&c=d", decoded.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);

}  // namespace emulator
