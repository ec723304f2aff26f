#pragma once

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace gds {

/// What kind of failure it is. Retries, parking and exit codes look at this, never at the text.
enum class Code {
    invalid_argument,   ///< the caller or operator asked for something impossible
    unauthenticated,    ///< the credentials were refused
    permission_denied,  ///< the credentials work, but not for this
    not_found,
    rate_limited,  ///< asked to slow down
    unavailable,   ///< the other side cannot answer now: 5xx, reset, refused, DNS
    timeout,       ///< no byte for too long, or a deadline passed
    bad_response,  ///< an answer that cannot be what was asked for
    mismatch,      ///< size or checksum differ from what was promised
    changed,       ///< the source changed while it was being read
    incomplete,    ///< a listing that is not known to be whole
    disk_full,
    read_only,
    io,         ///< any other failure of a local file or the database
    conflict,   ///< something else is in the way
    busy,       ///< another run holds the lock
    cancelled,  ///< stopped by a signal or a deadline of our own
    internal,   ///< a bug
};

/// The code in words, such as "rate limited"; for logs and metric labels use code_label().
std::string_view code_name(Code code);
/// The code as a metric label or JSON value, such as "rate_limited".
std::string_view code_label(Code code);

/// A failure as a value: what happened, and to what.
struct Error {
    Code code = Code::internal;
    std::string message;
    int http_status = 0;  ///< 0 where no HTTP answer is behind it
    /// Machine-readable reason of the other side ("userRateLimitExceeded", "invalid_grant").
    std::string reason = {};
    std::optional<std::chrono::seconds> retry_after = std::nullopt;

    /// The same error with `what` and a colon before its message.
    [[nodiscard]] Error context(std::string_view what) const&;
};

/// A value or an Error. Dropping one is a warning; reading the value of an error aborts.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
    using Base = tl::expected<T, Error>;

public:
    using Base::Base;
    Result(Base base) : Base(std::move(base)) {}  // NOLINT(google-explicit-constructor)
    Result(Error error)                           // NOLINT(google-explicit-constructor)
        : Base(tl::unexpected<Error>(std::move(error))) {}

    decltype(auto) operator*() const& { return checked().Base::operator*(); }
    decltype(auto) operator*() & {
        checked();
        return Base::operator*();
    }
    decltype(auto) operator*() && {
        checked();
        return std::move(*this).Base::operator*();
    }
    decltype(auto) operator->() const { return checked().Base::operator->(); }
    decltype(auto) operator->() {
        checked();
        return Base::operator->();
    }

private:
    const Result& checked() const {
        if (!this->has_value()) {
            std::abort();
        }
        return *this;
    }
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
    using Base = tl::expected<void, Error>;

public:
    using Base::Base;
    Result(Base base) : Base(std::move(base)) {}  // NOLINT(google-explicit-constructor)
    Result(Error error)                           // NOLINT(google-explicit-constructor)
        : Base(tl::unexpected<Error>(std::move(error))) {}
};

using Status = Result<void>;

/// `Error{code, fmt...}` without the braces at every call site.
Error error(Code code, std::string message);
/// An error from errno: disk_full for ENOSPC and EDQUOT, read_only for EROFS, else io or not_found.
Error errno_error(int errno_value, std::string_view what);

}  // namespace gds

#define GDS_JOIN_(a, b) a##b
#define GDS_JOIN(a, b) GDS_JOIN_(a, b)
#define GDS_TRY_AS(name, expression)                      \
    __extension__({                                       \
        auto name = (expression);                         \
        if (!name.has_value()) {                          \
            return ::gds::Error(std::move(name).error()); \
        }                                                 \
        std::move(name).value();                          \
    })

/// `auto x = GDS_TRY(f());`: the value of f(), or return its error from this function. Nests.
#define GDS_TRY(expression) GDS_TRY_AS(GDS_JOIN(gds_result_, __COUNTER__), expression)

/// `GDS_CHECK(f());`: return the error of f() from this function, if it has one.
#define GDS_CHECK(expression)                                    \
    do {                                                         \
        if (auto gds_result_ = (expression); !gds_result_) {     \
            return ::gds::Error(std::move(gds_result_).error()); \
        }                                                        \
    } while (false)
