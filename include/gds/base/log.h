#pragma once

#include "gds/base/exit_code.h"

#include <fmt/core.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

/// Logging to standard error. A message is constant text plus fields: log::info("downloaded",
/// {{"path", path}, {"bytes", size}}). Secrets cannot be passed: Secret converts to no field.
namespace gds::log {

enum class Level { trace, debug, info, warn, error, off };
enum class Format { text, json };

/// One named value of a log line.
class Field {
public:
    Field(std::string_view name, std::string value) : name_(name), value_(std::move(value)) {}
    Field(std::string_view name, std::string_view value) : name_(name), value_(value) {}
    Field(std::string_view name, const char* value) : name_(name), value_(value) {}
    template <class T>
    requires std::is_arithmetic_v<T> Field(std::string_view name, T value)
        : name_(name), value_(fmt::format("{}", value)), plain_(true) {}

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] const std::string& value() const { return value_; }
    /// True for numbers and booleans: written without quotes.
    [[nodiscard]] bool plain() const { return plain_; }

private:
    std::string_view name_;
    std::string value_;
    bool plain_ = false;
};

using Fields = std::initializer_list<Field>;

/// Set once at start. `run_id`, when not empty, is added to every JSON line.
void configure(Level level, Format format);
void set_run_id(std::string run_id);
/// Called around each line, so that a progress line can step aside; empty for none.
void set_line_hooks(std::function<void()> before, std::function<void()> after);

void write(Level level, std::string_view message, Fields fields);
bool enabled(Level level);

inline void trace(std::string_view message, Fields fields = {}) {
    write(Level::trace, message, fields);
}
inline void debug(std::string_view message, Fields fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
    write(Level::error, message, fields);
}

/// The one line that says how a command ended, at the level that its exit code deserves.
void outcome(ExitCode code, std::string_view message);

}  // namespace gds::log
