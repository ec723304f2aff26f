#include "gds/base/result.h"

#include <fmt/core.h>

#include <cerrno>
#include <system_error>

namespace gds {

std::string_view code_name(Code code) {
    switch (code) {
        case Code::invalid_argument: return "invalid argument";
        case Code::unauthenticated: return "not authenticated";
        case Code::permission_denied: return "permission denied";
        case Code::not_found: return "not found";
        case Code::rate_limited: return "rate limited";
        case Code::unavailable: return "unavailable";
        case Code::timeout: return "timed out";
        case Code::bad_response: return "bad response";
        case Code::mismatch: return "mismatch";
        case Code::changed: return "changed meanwhile";
        case Code::incomplete: return "incomplete";
        case Code::disk_full: return "disk full";
        case Code::read_only: return "read-only";
        case Code::io: return "I/O error";
        case Code::conflict: return "conflict";
        case Code::busy: return "busy";
        case Code::cancelled: return "cancelled";
        case Code::internal: return "internal error";
    }
    return "internal error";
}

std::string_view code_label(Code code) {
    switch (code) {
        case Code::invalid_argument: return "invalid_argument";
        case Code::unauthenticated: return "unauthenticated";
        case Code::permission_denied: return "permission_denied";
        case Code::not_found: return "not_found";
        case Code::rate_limited: return "rate_limited";
        case Code::unavailable: return "unavailable";
        case Code::timeout: return "timeout";
        case Code::bad_response: return "bad_response";
        case Code::mismatch: return "mismatch";
        case Code::changed: return "changed";
        case Code::incomplete: return "incomplete";
        case Code::disk_full: return "disk_full";
        case Code::read_only: return "read_only";
        case Code::io: return "io";
        case Code::conflict: return "conflict";
        case Code::busy: return "busy";
        case Code::cancelled: return "cancelled";
        case Code::internal: return "internal";
    }
    return "internal";
}

Error Error::context(std::string_view what) const& {
    Error copy = *this;
    copy.message = fmt::format("{}: {}", what, message);
    return copy;
}

Error error(Code code, std::string message) {
    Error result;
    result.code = code;
    result.message = std::move(message);
    return result;
}

Error errno_error(int errno_value, std::string_view what) {
    Code code = Code::io;
    switch (errno_value) {
        case ENOSPC:
        case EDQUOT: code = Code::disk_full; break;
        case EROFS: code = Code::read_only; break;
        case ENOENT: code = Code::not_found; break;
        case EACCES:
        case EPERM: code = Code::permission_denied; break;
        case EEXIST:
        case ENOTEMPTY: code = Code::conflict; break;
        default: break;
    }
    // std::generic_category is thread-safe where strerror(3) is not.
    return error(code, fmt::format("{}: {}", what, std::generic_category().message(errno_value)));
}

}  // namespace gds
