#include "gds/base/text.h"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <ctime>

namespace gds {

namespace {

/// A cursor that reads fixed-width digits and expected characters.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    int digits(std::size_t count) {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const char c = next();
            ok_ = ok_ && c >= '0' && c <= '9';
            value = value * 10 + (c - '0');
        }
        return ok_ ? value : 0;
    }
    void expect(std::string_view allowed) {
        if (allowed.find(next()) == std::string_view::npos) {
            ok_ = false;
        }
    }
    char next() {
        if (at_ >= text_.size()) {
            ok_ = false;
            return '\0';
        }
        return text_[at_++];
    }
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

int read_fraction_ms(Reader& reader) {
    int ms = 0;
    int scale = 100;
    bool any = false;
    while (reader.peek() >= '0' && reader.peek() <= '9') {
        ms += (reader.next() - '0') * scale;
        scale /= 10;
        any = true;
    }
    if (!any) {
        reader.expect("0123456789");
    }
    return ms;
}

/// Minutes east of UTC of "Z" or "+hh:mm".
int read_offset(Reader& reader) {
    const char sign = reader.next();
    if (sign == 'Z' || sign == 'z') {
        return 0;
    }
    if (sign != '+' && sign != '-') {
        reader.expect("");
        return 0;
    }
    const int hours = reader.digits(2);
    reader.expect(":");
    const int minutes = reader.digits(2);
    if (hours > 23 || minutes > 59) {
        reader.expect("");
    }
    return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

Result<std::int64_t> parse_rfc3339(std::string_view text) {
    Reader reader(text);
    const int year = reader.digits(4);
    reader.expect("-");
    const int month = reader.digits(2);
    reader.expect("-");
    const int day = reader.digits(2);
    reader.expect("Tt ");
    const int hour = reader.digits(2);
    reader.expect(":");
    const int minute = reader.digits(2);
    reader.expect(":");
    const int second = reader.digits(2);
    int ms = 0;
    if (reader.peek() == '.') {
        reader.next();
        ms = read_fraction_ms(reader);
    }
    const int offset_minutes = read_offset(reader);
    using std::chrono::day;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    // A leap second (60) is legal and becomes the next minute's first second.
    if (!reader.ok() || !reader.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
        return error(Code::bad_response,
                     fmt::format("\"{}\" is not an RFC 3339 time", printable(text)));
    }
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    const std::int64_t seconds =
        (std::int64_t{days} * 24 + hour) * 3600 + minute * 60 + second - offset_minutes * 60;
    return seconds * 1000 + ms;
}

std::string format_rfc3339(std::int64_t epoch_ms, bool short_form) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(epoch_ms)};
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const hh_mm_ss clock{time - midnight};
    const auto ms = clock.subseconds().count();
    std::string text =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int{date.year()}, unsigned{date.month()},
                    unsigned{date.day()}, clock.hours().count(), clock.minutes().count(),
                    clock.seconds().count());
    if (!short_form || ms != 0) {
        text += fmt::format(".{:03}", ms);
    }
    return text + "Z";
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    // The three forms of RFC 9110 section 5.6.7; every name in them is English by definition.
    static constexpr std::array kFormats = {"%a, %d %b %Y %H:%M:%S GMT",
                                            "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
    const std::string copy(text);
    for (const char* format : kFormats) {
        std::tm parts{};
        const char* end = ::strptime(copy.c_str(), format, &parts);
        if (end != nullptr && *end == '\0') {
            return std::int64_t{::timegm(&parts)};
        }
    }
    return std::nullopt;
}

std::int64_t wall_clock_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace gds
