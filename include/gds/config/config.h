#pragma once

#include "gds/base/log.h"
#include "gds/base/result.h"
#include "gds/base/text.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::config {

/// Where an option's value came from.
enum class Origin { preset, file, environment, flag };

/// "default", "file", "environment", "flag".
std::string_view origin_name(Origin origin);

/// A `list` holds one value an element; `names` too, but commas separate them as well.
enum class Type {
    text,
    path,
    url,
    list,
    names,
    toggle,
    integer,
    real,
    size,
    duration,
    mode,
    choice
};

/// One option of a program: the single place that knows its name, type, default and help.
/// gdrive-sync's --max-delete is GDRIVE_SYNC_MAX_DELETE in the environment and max-delete in the
/// file.
struct Option {
    std::string_view name;  ///< without dashes
    Type type = Type::text;
    std::string_view preset;         ///< default as text; "" for none; "off" is then a value, too
    std::string_view value_name;     ///< "PATH", "N"; "" for switches
    std::string_view help;           ///< one sentence
    std::string_view group;          ///< heading in --help
    std::string_view choices = {};   ///< "text|json"
    std::string_view commands = {};  ///< commands that take it, as "sync|auth login"; "" for all
    double least = 0;                ///< of integer, real, size (bytes) and duration (milliseconds)
    double most = 9e15;
};

/// What a program can be told.
struct Program {
    std::string_view name;             ///< "gdrive-sync"
    std::string_view variable_prefix;  ///< "GDRIVE_SYNC_"
    /// Secrets, which come from variables without being options: "CLIENT_SECRET".
    std::vector<std::string_view> secrets;
    std::vector<Option> options;  ///< in the order of --help
};
const Program& gdrive_sync();
const Program& registry_probe();

/// All options of gdrive-sync.
const std::vector<Option>& option_table();
/// nullptr where there is none of that name.
const Option* find_option(std::string_view name, const Program& program = gdrive_sync());
/// True where `command` ("sync", "auth login") takes the option.
bool takes(const Option& option, std::string_view command);
/// "GDRIVE_SYNC_MAX_DELETE".
std::string variable_name(const Option& option, const Program& program = gdrive_sync());
/// Those of these names that begin with the program's prefix and mean nothing to it: slips of the
/// keyboard. What Kubernetes sets for a Service of the program's name is not among them.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names,
                                           const Program& program = gdrive_sync());

/// One option's resolved text values (several for lists) and their origin.
struct Value {
    std::vector<std::string> texts;
    Origin origin = Origin::preset;
    std::string where;  ///< "default", "--max-delete", "GDRIVE_SYNC_MAX_DELETE", "/etc/x.toml:3"
};

using Environment = std::function<std::optional<std::string>(const std::string&)>;
/// Flags as the command line gave them, by option name.
using Flags = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Every option with a value: flag, else environment, else file, else default.
class Resolved {
public:
    /// Error: invalid_argument naming the flag, variable or file:line, the bad value and what is
    /// allowed; also for unknown keys of the file, and for a file that cannot be read.
    static Result<Resolved> make(const Flags& flags, const Environment& environment,
                                 const Program& program = gdrive_sync());

    [[nodiscard]] const Value& value(std::string_view name) const;
    [[nodiscard]] bool given(std::string_view name) const;  ///< not from the default

    // Typed access; the values were checked in make(). A wrong name or type is a bug and aborts.
    [[nodiscard]] std::string text(std::string_view name) const;  ///< of any type; unset: ""
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
    [[nodiscard]] bool toggle(std::string_view name) const;
    [[nodiscard]] std::int64_t integer(std::string_view name) const;  ///< unset: 0
    [[nodiscard]] double real(std::string_view name) const;           ///< "off": -1
    [[nodiscard]] std::int64_t size(std::string_view name) const;     ///< "off": -1
    [[nodiscard]] Millis duration(std::string_view name) const;       ///< "off": 0
    [[nodiscard]] unsigned mode(std::string_view name) const;         ///< octal

private:
    /// The only text of an option of this type; nullopt where it is unset or "off".
    [[nodiscard]] std::optional<std::string> single(std::string_view name, Type type) const;

    const Program* program_ = nullptr;  ///< they live as long as the process
    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace gds::config
