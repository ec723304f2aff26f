#include "glob.h"

#include "gds/base/text.h"

#include <algorithm>

namespace gds::tree {
namespace {

/// Reads a glob from left to right and writes the regular expression.
class Translation {
public:
    explicit Translation(std::string_view glob) : rest_(glob) {}

    Result<std::string> run() {
        if (rest_.starts_with('/')) {
            rest_.remove_prefix(1);
            regex_ = "^";
        } else {
            regex_ = "(^|/)";
        }
        while (!rest_.empty()) {
            GDS_CHECK(step());
        }
        if (open_braces_ > 0) {
            return wrong("'{' is never closed");
        }
        return regex_ + "$";
    }

private:
    static Error wrong(std::string_view what) {
        return error(Code::invalid_argument, std::string(what));
    }

    Status step() {
        const char c = rest_.front();
        switch (c) {
            case '\\': return escaped();
            case '*': return stars();
            case '[': return character_class();
            case ']': return wrong("']' without '['");
            case '{':
            case '}':
            case ',': return choice();
            case '?': return write("[^/]", 1);
            default:
                if (std::string_view(".+()|^$").find(c) != std::string_view::npos) {
                    regex_ += '\\';
                }
                return write(rest_.substr(0, 1), 1);
        }
    }

    Status write(std::string_view regex, std::size_t consumed) {
        regex_ += regex;
        rest_.remove_prefix(consumed);
        return {};
    }

    Status escaped() {
        if (rest_.size() == 1) {
            return wrong("'\\' at the end escapes nothing");
        }
        const std::size_t length = std::max<std::size_t>(utf8_length(rest_.substr(1)), 1);
        return write(rest_.substr(0, 1 + length), 1 + length);
    }

    Status stars() {
        const auto count = std::min(rest_.find_first_not_of('*'), rest_.size());
        if (count > 2) {
            return wrong("more than two stars in a row");
        }
        return write(count == 1 ? "[^/]*" : ".*", count);
    }

    /// Classes such as [[:alpha:]] have brackets of their own.
    Status character_class() {
        int depth = 0;
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            depth += rest_[i] == '[' ? 1 : rest_[i] == ']' ? -1 : 0;
            if (depth == 0) {
                return write(rest_.substr(0, i + 1), i + 1);
            }
        }
        return wrong("'[' is never closed");
    }

    Status choice() {
        if (rest_.starts_with("{{")) {
            return expression();
        }
        switch (rest_.front()) {
            case '{': ++open_braces_; return write("(", 1);
            case '}':
                if (open_braces_ == 0) {
                    return wrong("'}' without '{'");
                }
                --open_braces_;
                return write(")", 1);
            default: return write(open_braces_ > 0 ? "|" : ",", 1);
        }
    }

    /// `{{expression}}`; of several closing braces the last two close it, so that it may end in
    /// one.
    Status expression() {
        auto end = rest_.find("}}", 2);
        if (end == std::string_view::npos) {
            return wrong("'{{' is never closed by '}}'");
        }
        while (rest_.substr(end + 1).starts_with("}}")) {
            ++end;
        }
        regex_ += '(';
        regex_ += rest_.substr(2, end - 2);
        return write(")", end + 2);
    }

    std::string_view rest_;
    std::string regex_;
    int open_braces_ = 0;
};

/// True where a choice or an expression decides about directories, which cannot be taken apart.
bool hides_directories(std::string_view glob) {
    if (glob.find("{{") != std::string_view::npos || glob.find("}}") != std::string_view::npos) {
        return true;
    }
    for (auto open = glob.find('{'); open != std::string_view::npos;
         open = glob.find('{', open + 1)) {
        const auto close = glob.find_first_of("{}", open + 1);
        const auto inner = glob.substr(open, close - open);
        const bool nested = close != std::string_view::npos && glob[close] == '{';
        if (nested || inner.find('/') != std::string_view::npos ||
            inner.find("**") != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

std::string without_double_slashes(std::string_view glob) {
    std::string squashed(glob);
    const auto both_slashes = [](char a, char b) { return a == '/' && b == '/'; };
    squashed.erase(std::unique(squashed.begin(), squashed.end(), both_slashes), squashed.end());
    return squashed;
}

}  // namespace

Result<std::string> glob_to_regex(std::string_view glob) {
    return Translation(glob).run();
}

std::vector<std::string> directory_globs(std::string_view glob) {
    static constexpr auto kNone = std::string_view::npos;
    if (hides_directories(glob)) {
        return {"/**"};
    }
    const auto squashed = without_double_slashes(glob);
    std::vector<std::string> globs;
    // Cut off the last name, or the last "**", which may stand for several, until nothing is left.
    for (std::string_view rest = squashed;;) {
        const auto slash = rest.rfind('/');
        const auto stars = rest.rfind("**");
        if (slash == kNone && stars == kNone) {
            break;
        }
        const bool at_stars = stars != kNone && (slash == kNone || stars > slash);
        rest = rest.substr(0, at_stars ? stars : slash);
        auto directory = std::string(rest) + (at_stars ? "**/" : "/");
        if (globs.empty() || globs.back() != directory) {
            globs.push_back(std::move(directory));
        }
    }
    if (globs.empty()) {
        globs.emplace_back("/**");
    }
    return globs;
}

}  // namespace gds::tree
