#include "challenge.h"

#include "gds/base/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace gds::registry {

namespace {

bool is_token_char(char c) {
    static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~/";
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kOthers.find(c) != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return lower;
}

/// Takes apart what is in front of the rest of a field.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }

    std::string_view token() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
        const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(found.size());
        return found;
    }

    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    /// A quoted string or a token.
    std::string value() {
        if (!take('"')) {
            return std::string(token());
        }
        std::string text;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && rest_.size() > 1) {
                rest_.remove_prefix(1);
            }
            text += rest_.front();
            rest_.remove_prefix(1);
        }
        take('"');
        return text;
    }

    [[nodiscard]] bool done() const { return rest_.empty(); }
    /// Past one character that belongs to nothing.
    void give_up_one() { rest_.remove_prefix(rest_.empty() ? 0 : 1); }

private:
    std::string_view rest_;
};

std::string decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2))
                                                                : Result<std::string>("");
        if (byte && !byte->empty()) {
            result += *byte;
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::string query_parameter(std::string_view query, std::string_view name) {
    for (const std::string& pair : split(query, '&')) {
        const auto equals = pair.find('=');
        if (equals != std::string::npos && std::string_view(pair).substr(0, equals) == name) {
            return decoded(std::string_view(pair).substr(equals + 1));
        }
    }
    return {};
}

std::string_view actions_of(std::string_view method) {
    if (method == "GET" || method == "HEAD") {
        return "pull";
    }
    return method == "DELETE" ? "delete,pull" : "pull,push";
}

/// The repository of "/v2/NAME/manifests/..." and its like.
std::optional<std::string> repository_of(std::string_view path) {
    static constexpr std::array<std::string_view, 4> kKinds = {"/manifests/", "/blobs/", "/tags/",
                                                               "/referrers/"};
    std::size_t end = std::string_view::npos;
    for (const std::string_view kind : kKinds) {
        const auto at = path.rfind(kind);
        // A repository may be called like one of them: the last one decides.
        if (at != std::string_view::npos && (end == std::string_view::npos || at > end)) {
            end = at;
        }
    }
    return end == std::string_view::npos || end == 0 ? std::nullopt
                                                     : std::optional(decoded(path.substr(0, end)));
}

}  // namespace

std::string Challenge::parameter(std::string_view name) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? "" : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view value) {
    std::vector<Challenge> challenges;
    Scanner scanner(value);
    for (scanner.skip(" \t,"); !scanner.done(); scanner.skip(" \t,")) {
        const std::string name = lower_case(scanner.token());
        if (name.empty()) {
            scanner.give_up_one();
            continue;
        }
        scanner.skip(" \t");  // some write "realm = x"
        if (scanner.take('=')) {
            scanner.skip(" \t");
            const std::string text = scanner.value();
            if (!challenges.empty()) {
                challenges.back().parameters.emplace(name, text);
            }
        } else {
            challenges.push_back({name, {}});
        }
    }
    return challenges;
}

std::vector<std::string> scopes_of(std::string_view method, std::string_view url) {
    static constexpr std::string_view kRoot = "/v2/";
    const auto question = url.find('?');
    const std::string_view query =
        question == std::string_view::npos ? "" : url.substr(question + 1);
    std::string_view path = url.substr(0, question);
    const auto root = path.find(kRoot);
    if (root == std::string_view::npos) {
        return {};
    }
    path.remove_prefix(root + kRoot.size());
    if (path == "_catalog") {
        return {"registry:catalog:*"};
    }
    const auto repository = repository_of(path);
    if (!repository) {
        return {};
    }
    std::vector<std::string> scopes = {
        fmt::format("repository:{}:{}", *repository, actions_of(method))};
    if (const std::string from = query_parameter(query, "from"); !from.empty()) {
        scopes.push_back(fmt::format("repository:{}:pull", from));
    }
    return scopes;
}

}  // namespace gds::registry
