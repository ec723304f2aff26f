#include "timestamp.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace emulator {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Civil {
    std::chrono::year_month_day date;
    std::int64_t in_day_ms = 0;
    unsigned weekday = 0;
};

Civil civil(std::int64_t ms) {
    const std::chrono::sys_time<milliseconds> time{milliseconds(ms)};
    const auto day = std::chrono::floor<days>(time);
    return {std::chrono::year_month_day(day), (time - day).count(),
            std::chrono::weekday(day).c_encoding()};
}

/// `count` digits at `at`; -1 where they are not digits.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) {
        return -1;
    }
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

/// Minutes east of UTC that "Z", "+01:00" or nothing stand for.
std::optional<int> offset_minutes(std::string_view zone) {
    if (zone.empty() || zone == "Z" || zone == "z") {
        return 0;
    }
    const int hour = digits(zone, 1, 2);
    const int minute = digits(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || hour < 0 || minute < 0) {
        return std::nullopt;
    }
    return (zone[0] == '-' ? -1 : 1) * (hour * 60 + minute);
}

}  // namespace

std::string format_timestamp(std::int64_t ms) {
    const Civil c = civil(ms);
    std::array<char, 64> out{};
    const int length = std::snprintf(
        out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(c.date.year()), static_cast<unsigned>(c.date.month()),
        static_cast<unsigned>(c.date.day()), static_cast<int>(c.in_day_ms / 3600000),
        static_cast<int>(c.in_day_ms / 60000 % 60), static_cast<int>(c.in_day_ms / 1000 % 60),
        static_cast<int>(c.in_day_ms % 1000));
    return {out.data(), static_cast<std::size_t>(length)};
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
    const std::array<int, 6> part = {digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                                     digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
    for (const int value : part) {
        if (value < 0) {
            return std::nullopt;
        }
    }
    std::size_t at = 19;
    int fraction = 0;
    if (at < text.size() && text[at] == '.') {
        int scale = 100;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
            fraction += (text[at] - '0') * scale;
            scale /= 10;
        }
    }
    const auto offset = offset_minutes(text.substr(at));
    const std::chrono::year_month_day date{std::chrono::year(part[0]),
                                           std::chrono::month(static_cast<unsigned>(part[1])),
                                           std::chrono::day(static_cast<unsigned>(part[2]))};
    if (!offset || !date.ok()) {
        return std::nullopt;
    }
    const auto time = std::chrono::sys_days(date).time_since_epoch() + hours(part[3]) +
                      minutes(part[4] - *offset) + seconds(part[5]) + milliseconds(fraction);
    return std::chrono::duration_cast<milliseconds>(time).count();
}

std::string format_http_date(std::int64_t ms) {
    static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Civil c = civil(ms);
    std::array<char, 64> out{};
    const int length = std::snprintf(
        out.data(), out.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays.at(c.weekday),
        static_cast<unsigned>(c.date.day()), kMonths.at(static_cast<unsigned>(c.date.month()) - 1),
        static_cast<int>(c.date.year()), static_cast<int>(c.in_day_ms / 3600000),
        static_cast<int>(c.in_day_ms / 60000 % 60), static_cast<int>(c.in_day_ms / 1000 % 60));
    return {out.data(), static_cast<std::size_t>(length)};
}

std::int64_t wall_clock_ms() {
    return std::chrono::duration_cast<milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace emulator
