#include "gds/config/config.h"
#include "toml_file.h"
#include "values.h"

#include <fmt/core.h>

#include <cstdlib>
#include <utility>

namespace gds::config {
namespace {

using Values = std::map<std::string, Value, std::less<>>;

/// Checks what one origin gives for an option and lets it replace what a weaker one gave.
Status set(Values& values, const Option& option, const std::vector<std::string>& given,
           Origin origin, const std::string& where) {
    Value value;
    value.origin = origin;
    value.where = where;
    if (!holds_several(option.type)) {
        value.texts = given;
    } else {
        for (const auto& text : given) {
            const auto parts = elements(option, text);
            value.texts.insert(value.texts.end(), parts.begin(), parts.end());
        }
    }
    for (const auto& text : value.texts) {
        if (const auto checked = check(option, text); !checked) {
            return checked.error().context(where);
        }
    }
    values.insert_or_assign(std::string(option.name), std::move(value));
    return {};
}

Status set_presets(Values& values, const Program& program) {
    for (const auto& option : program.options) {
        std::vector<std::string> texts;
        if (!option.preset.empty()) {
            texts.emplace_back(option.preset);
        }
        GDS_CHECK(set(values, option, texts, Origin::preset, "default"));
    }
    return {};
}

/// A Service called "gdrive-sync" makes Kubernetes set GDRIVE_SYNC_PORT=tcp://10.0.0.1:80.
bool is_service_link(const Option& option, std::string_view text) {
    return option.name == "port" && text.find("://") != std::string_view::npos;
}

/// The option's variable, unless it is empty, which counts as unset.
std::optional<std::string> variable(const Option& option, const Environment& environment,
                                    const Program& program) {
    auto text = environment(variable_name(option, program));
    if (text && (text->empty() || is_service_link(option, *text))) {
        text.reset();
    }
    return text;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    for (const auto& line : split(text, '\n')) {
        if (const auto trimmed = trim(line); !trimmed.empty()) {
            result.emplace_back(trimmed);
        }
    }
    return result;
}

Status set_from_environment(Values& values, const Environment& environment,
                            const Program& program) {
    for (const auto& option : program.options) {
        if (const auto text = variable(option, environment, program)) {
            const auto texts = holds_several(option.type) ? lines(*text) : std::vector{*text};
            GDS_CHECK(
                set(values, option, texts, Origin::environment, variable_name(option, program)));
        }
    }
    return {};
}

Status set_from_flags(Values& values, const Flags& flags, const Program& program) {
    for (const auto& [name, texts] : flags) {
        const auto where = "--" + name;
        const auto* option = find_option(name, program);
        if (option == nullptr) {
            return error(Code::invalid_argument, where + ": there is no such option");
        }
        if (texts.size() > 1 && !holds_several(option->type)) {
            return error(Code::invalid_argument,
                         fmt::format("{} is given {} times; give it once", where, texts.size()));
        }
        GDS_CHECK(set(values, *option, texts, Origin::flag, where));
    }
    return {};
}

/// The file that --config names, else the program's variable for it, if any.
Status set_from_file(Values& values, const Flags& flags, const Environment& environment,
                     const Program& program) {
    const auto& option = *find_option("config", program);
    const auto flag = flags.find(option.name);
    const bool by_flag = flag != flags.end() && !flag->second.empty();
    const auto path =
        by_flag ? std::optional(flag->second.back()) : variable(option, environment, program);
    if (!path || path->empty()) {
        return {};
    }
    auto read = read_toml(
        *path, program,
        [&](const Option& named, const std::vector<std::string>& texts, const std::string& where) {
            return set(values, named, texts, Origin::file, where);
        });
    if (!read && read.error().code != Code::invalid_argument) {
        auto unreadable =
            read.error().context(by_flag ? "--config" : variable_name(option, program));
        unreadable.code = Code::invalid_argument;
        return unreadable;
    }
    return read;
}

/// The table and the calls that ask for its options are one program: a mismatch is a bug in it.
[[noreturn]] void bug(std::string_view name, std::string_view what) {
    log::error("this is a bug: an option is asked for that is not there",
               {{"option", name}, {"problem", what}});
    std::abort();
}

}  // namespace

Result<Resolved> Resolved::make(const Flags& flags, const Environment& environment,
                                const Program& program) {
    Resolved resolved;
    resolved.program_ = &program;
    auto& values = resolved.values_;
    GDS_CHECK(set_presets(values, program));
    GDS_CHECK(set_from_file(values, flags, environment, program));
    GDS_CHECK(set_from_environment(values, environment, program));
    GDS_CHECK(set_from_flags(values, flags, program));
    return resolved;
}

const Value& Resolved::value(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
        bug(name, "no such option");
    }
    return found->second;
}

bool Resolved::given(std::string_view name) const {
    return value(name).origin != Origin::preset;
}

std::string Resolved::text(std::string_view name) const {
    const auto& texts = value(name).texts;
    return texts.empty() ? std::string() : texts.front();
}

std::vector<std::string> Resolved::list(std::string_view name) const {
    const auto& texts = value(name).texts;
    if (!holds_several(find_option(name, *program_)->type)) {
        bug(name, "not a list");
    }
    return texts;
}

std::optional<std::string> Resolved::single(std::string_view name, Type type) const {
    const auto& texts = value(name).texts;
    const auto& option = *find_option(name, *program_);
    if (option.type != type) {
        bug(name, "of another type");
    }
    const bool off = option.preset == "off" && !texts.empty() && texts.front() == "off";
    return texts.empty() || off ? std::nullopt : std::optional(texts.front());
}

bool Resolved::toggle(std::string_view name) const {
    const auto text = single(name, Type::toggle);
    return text && *parse_toggle(*text);
}

std::int64_t Resolved::integer(std::string_view name) const {
    const auto text = single(name, Type::integer);
    return text ? *parse_integer(*text) : 0;
}

double Resolved::real(std::string_view name) const {
    const auto text = single(name, Type::real);
    return text ? *parse_real(*text) : -1;
}

std::int64_t Resolved::size(std::string_view name) const {
    const auto text = single(name, Type::size);
    return text ? *parse_size(*text) : -1;
}

Millis Resolved::duration(std::string_view name) const {
    const auto text = single(name, Type::duration);
    return text ? *parse_duration(*text) : Millis(0);
}

unsigned Resolved::mode(std::string_view name) const {
    const auto text = single(name, Type::mode);
    return text ? *parse_mode(*text) : 0;
}

}  // namespace gds::config
