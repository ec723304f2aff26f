#include "gds/report/exposition.h"

#include "gds/base/fd.h"
#include "gds/base/text.h"

#include <fmt/core.h>

#include <charconv>

namespace gds::report {

namespace {

/// A label value may hold any UTF-8; backslash, quote and newline are escaped.
std::string escape_label(std::string_view value) {
    std::string result;
    for (const char c : is_utf8(value) ? std::string(value) : printable(value)) {
        switch (c) {
            case '\\': result += "\\\\"; break;
            case '"': result += "\\\""; break;
            case '\n': result += "\\n"; break;
            default: result += c;
        }
    }
    return result;
}

std::string series(std::string_view name, const Labels& labels) {
    std::string result(name);
    char separator = '{';
    for (const auto& [label, value] : labels) {
        result += fmt::format("{}{}=\"{}\"", separator, label, escape_label(value));
        separator = ',';
    }
    return labels.empty() ? result : result + "}";
}

}  // namespace

void Exposition::gauge(std::string_view name, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} gauge\n", name, help, name);
}

void Exposition::sample(const Labels& labels, std::int64_t value) {
    line(labels, fmt::format("{}", value));
}

void Exposition::sample(const Labels& labels, double value) {
    line(labels, fmt::format("{}", value));
}

void Exposition::line(const Labels& labels, const std::string& value) {
    text_ += fmt::format("{} {}\n", series(name_, labels), value);
}

std::optional<double> find_sample(std::string_view exposition, std::string_view name,
                                  const Labels& labels) {
    const std::string prefix = series(name, labels) + " ";
    for (const std::string& line : split(exposition, '\n')) {
        if (line.compare(0, prefix.size(), prefix) != 0) {
            continue;
        }
        double value = 0;
        const char* end = line.data() + line.size();
        const auto [stop, problem] = std::from_chars(line.data() + prefix.size(), end, value);
        if (problem == std::errc() && stop == end) {
            return value;
        }
    }
    return std::nullopt;
}

Status write_exposition_file(const std::string& path, std::string_view exposition) {
    auto written = write_out(path, exposition, 0644);
    if (!written) {
        return written.error().context("the metrics file could not be written");
    }
    return {};
}

}  // namespace gds::report
