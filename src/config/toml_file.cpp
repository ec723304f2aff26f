#include "toml_file.h"

#include "gds/base/fd.h"
#include "values.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <optional>

// Header-only and without exceptions: a parse gives a value or an error.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace gds::config {
namespace {

/// The place for a secret, where that is what the key asks for.
std::optional<std::string> secret_variable(std::string_view key, const Program& program) {
    for (const std::string_view variable : program.secrets) {
        const bool same = std::equal(
            key.begin(), key.end(), variable.begin(), variable.end(), [](char a, char b) {
                return (a == '-' ? '_' : std::toupper(static_cast<unsigned char>(a))) == b;
            });
        if (same) {
            return fmt::format("{}{}", program.variable_prefix, variable);
        }
    }
    return std::nullopt;
}

std::string_view kind_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::integer: return "a whole number";
        case toml::node_type::floating_point: return "a fraction";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::string: return "a string";
        default: return "a date or time";
    }
}

bool takes_number(Type type) {
    return type == Type::integer || type == Type::real || type == Type::size ||
           type == Type::duration;
}

/// One value as text, if an option of this type can be written so: modes cannot be numbers, since
/// 640 would not be 0640.
std::optional<std::string> scalar(Type type, const toml::node& node) {
    if (const auto* text = node.as_string()) {
        return text->get();
    }
    if (const auto* flag = node.as_boolean(); flag != nullptr && type == Type::toggle) {
        return flag->get() ? "true" : "false";
    }
    if (const auto* whole = node.as_integer(); whole != nullptr && takes_number(type)) {
        return fmt::format("{}", whole->get());
    }
    if (const auto* real = node.as_floating_point(); real != nullptr && type == Type::real) {
        return fmt::format("{}", real->get());
    }
    return std::nullopt;
}

std::string_view written_as(Type type) {
    switch (type) {
        case Type::list:
        case Type::names: return "a string or an array of strings";
        case Type::toggle: return "true or false";
        case Type::real: return "a number or a string";
        case Type::integer:
        case Type::size:
        case Type::duration: return "a whole number or a string";
        default: return "a string";
    }
}

Result<std::vector<std::string>> texts_of(const Option& option, const toml::node& node) {
    const auto wrong = [&](const toml::node& found) {
        return error(Code::invalid_argument, fmt::format("{} is {}, not {}", option.name,
                                                         kind_of(found), written_as(option.type)));
    };
    std::vector<std::string> texts;
    const auto* array = holds_several(option.type) ? node.as_array() : nullptr;
    if (array == nullptr) {
        auto text = scalar(option.type, node);
        if (!text) {
            return wrong(node);
        }
        texts.push_back(std::move(*text));
        return texts;
    }
    for (const auto& element : *array) {
        auto text = scalar(option.type, element);
        if (!text) {
            return wrong(element);
        }
        texts.push_back(std::move(*text));
    }
    return texts;
}

/// The option that a key of the file means.
Result<const Option*> option_of(std::string_view key, const Program& program) {
    if (const auto variable = secret_variable(key, program)) {
        return error(Code::invalid_argument,
                     fmt::format("{} does not belong in this file; give it as {}, or name a file "
                                 "that holds it with {}_FILE",
                                 key, *variable, *variable));
    }
    const auto* option = find_option(key, program);
    if (option == nullptr) {
        return error(Code::invalid_argument,
                     fmt::format("there is no option \"{}\"; keys are the long names of options, "
                                 "without dashes in front and outside of any [table]",
                                 printable(key)));
    }
    if (option->name == "config") {
        return error(Code::invalid_argument, "a file cannot name another one with config");
    }
    return option;
}

}  // namespace

Status read_toml(const std::string& path, const Program& program,
                 const std::function<Status(const Option&, std::vector<std::string>,
                                            const std::string&)>& each) {
    const auto content = GDS_TRY(read_small_file(path));
    const auto parsed = toml::parse(content, path);
    if (!parsed) {
        return error(Code::invalid_argument,
                     fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                                 printable(parsed.error().description())));
    }
    for (const auto& [key, node] : parsed.table()) {
        const auto where = fmt::format("{}:{}", path, key.source().begin.line);
        const auto option = option_of(key.str(), program);
        if (!option) {
            return option.error().context(where);
        }
        auto texts = texts_of(**option, node);
        if (!texts) {
            return texts.error().context(where);
        }
        GDS_CHECK(each(**option, std::move(*texts), where));
    }
    return {};
}

}  // namespace gds::config
