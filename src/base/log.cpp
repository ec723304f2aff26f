#include "gds/base/log.h"

#include "gds/base/text.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace gds::log {

namespace {

struct State {
    State() {
        logger = std::make_shared<spdlog::logger>(
            "gds", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        logger->set_pattern("%v");
        logger->set_level(spdlog::level::info);
    }

    std::mutex mutex;
    Format format = Format::text;
    std::string run_id;
    std::function<void()> before;
    std::function<void()> after;
    std::shared_ptr<spdlog::logger> logger;
};

State& state() {
    static State instance;
    return instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::trace: return spdlog::level::trace;
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
        case Level::off: return spdlog::level::off;
    }
    return spdlog::level::info;
}

std::string_view level_name(Level level) {
    switch (level) {
        case Level::trace: return "trace";
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        case Level::error: return "error";
        case Level::off: return "off";
    }
    return "info";
}

/// A JSON string; bytes that are no UTF-8 are made visible, so that a line is always valid.
std::string json_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : is_utf8(text) ? std::string(text) : printable(text)) {
        switch (c) {
            case '"': result += "\\\""; break;
            case '\\': result += "\\\\"; break;
            case '\n': result += "\\n"; break;
            case '\t': result += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
                } else {
                    result += c;
                }
        }
    }
    return result + "\"";
}

std::string json_line(Level level, std::string_view message, Fields fields,
                      const std::string& run_id) {
    std::string line =
        fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"message\":{}",
                    format_rfc3339(wall_clock_ms()), level_name(level), json_string(message));
    if (!run_id.empty()) {
        line += fmt::format(",\"run_id\":{}", json_string(run_id));
    }
    for (const Field& field : fields) {
        line += fmt::format(",{}:{}", json_string(field.name()),
                            field.plain() ? field.value() : json_string(field.value()));
    }
    return line + "}";
}

std::string text_line(Level level, std::string_view message, Fields fields) {
    std::string line =
        fmt::format("{} {:<5} {}", format_rfc3339(wall_clock_ms() / 1000 * 1000, true),
                    level_name(level), printable(message));
    for (const Field& field : fields) {
        const std::string value = printable(field.value());
        const bool quote = value.empty() || value.find(' ') != std::string::npos;
        const std::string_view mark = quote ? "\"" : "";
        line += fmt::format(" {}={}{}{}", field.name(), mark, value, mark);
    }
    return line;
}

}  // namespace

void configure(Level level, Format format) {
    State& s = state();
    const std::scoped_lock lock(s.mutex);
    s.format = format;
    s.logger->set_level(to_spdlog(level));
}

void set_run_id(std::string run_id) {
    State& s = state();
    const std::scoped_lock lock(s.mutex);
    s.run_id = std::move(run_id);
}

void set_line_hooks(std::function<void()> before, std::function<void()> after) {
    State& s = state();
    const std::scoped_lock lock(s.mutex);
    s.before = std::move(before);
    s.after = std::move(after);
}

bool enabled(Level level) {
    return state().logger->should_log(to_spdlog(level));
}

void write(Level level, std::string_view message, Fields fields) {
    State& s = state();
    if (!s.logger->should_log(to_spdlog(level))) {
        return;
    }
    const std::scoped_lock lock(s.mutex);
    const std::string line = s.format == Format::json ? json_line(level, message, fields, s.run_id)
                                                      : text_line(level, message, fields);
    if (s.before) {
        s.before();
    }
    s.logger->log(to_spdlog(level), "{}", line);
    s.logger->flush();
    if (s.after) {
        s.after();
    }
}

void outcome(ExitCode code, std::string_view message) {
    switch (code) {
        case ExitCode::ok:
        case ExitCode::differs: return info(message);
        case ExitCode::interrupted:
        case ExitCode::terminated: return warn(message);
        default: return error(message);
    }
}

}  // namespace gds::log
