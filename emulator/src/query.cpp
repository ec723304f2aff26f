#include "query.h"

#include "timestamp.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace emulator {
namespace {

using Term = Query::Term;
using Failure = tl::unexpected<std::string>;

struct Token {
    enum class Kind { word, text, symbol, end };
    Kind kind = Kind::end;
    std::string value;
};

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    /// Error: an unterminated string.
    tl::expected<Token, std::string> next() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
            ++at_;
        }
        if (at_ == text_.size()) {
            return Token{};
        }
        if (text_[at_] == '\'' || text_[at_] == '"') {
            return quoted(text_[at_++]);
        }
        if (is_word(text_[at_])) {
            const std::size_t begin = at_;
            while (at_ < text_.size() && is_word(text_[at_])) {
                ++at_;
            }
            return Token{Token::Kind::word, std::string(text_.substr(begin, at_ - begin))};
        }
        const std::string_view two = text_.substr(at_, 2);
        const std::size_t length = two == "!=" || two == "<=" || two == ">=" ? 2 : 1;
        at_ += length;
        return Token{Token::Kind::symbol, std::string(text_.substr(at_ - length, length))};
    }

private:
    static bool is_word(char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    }
    tl::expected<Token, std::string> quoted(char quote) {
        Token token{Token::Kind::text, {}};
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
            }
            token.value += text_[at_++];
        }
        if (at_ == text_.size()) {
            return Failure("a string without its closing quote");
        }
        ++at_;
        return token;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Recursive descent: any = all ("or" all)*; all = one ("and" one)*;
/// one = "not" one | "(" any ")" | 'text' "in" word | word [op value].
class Parser {
public:
    explicit Parser(std::string_view text) : lexer_(text) { advance(); }

    tl::expected<Term, std::string> parse() {
        auto term = any();
        if (term && error_.empty() && token_.kind != Token::Kind::end) {
            error_ = "unexpected " + token_.value;
        }
        if (!error_.empty()) {
            return Failure(error_);
        }
        return term;
    }

private:
    void advance() {
        auto token = lexer_.next();
        if (!token) {
            error_ = token.error();
        }
        token_ = token.value_or(Token{});
    }
    bool take(std::string_view value) {
        const bool there = token_.kind != Token::Kind::text && token_.value == value;
        if (there) {
            advance();
        }
        return there;
    }
    tl::expected<Term, std::string> any() { return joined(Term::Kind::any, "or"); }

    tl::expected<Term, std::string> joined(Term::Kind kind, std::string_view word) {
        Term list;
        list.kind = kind;
        do {
            auto term = kind == Term::Kind::any ? joined(Term::Kind::all, "and") : one();
            if (!term) {
                return term;
            }
            list.terms.push_back(std::move(*term));
        } while (take(word));
        return list.terms.size() == 1 ? list.terms.front() : list;
    }

    tl::expected<Term, std::string> one() {
        if (depth_ == kDeepest) {
            return Failure("nested too deeply");
        }
        ++depth_;
        auto term = nested();
        --depth_;
        return term;
    }

    tl::expected<Term, std::string> nested() {
        if (take("not")) {
            auto inner = one();
            if (!inner) {
                return inner;
            }
            Term term;
            term.kind = Term::Kind::negation;
            term.terms.push_back(std::move(*inner));
            return term;
        }
        if (take("(")) {
            auto inner = any();
            if (inner && !take(")")) {
                return Failure("a missing )");
            }
            return inner;
        }
        return token_.kind == Token::Kind::text ? membership() : comparison();
    }

    tl::expected<Term, std::string> membership() {
        Term term;
        term.value = token_.value;
        advance();
        if (!take("in")) {
            return Failure("a string without in");
        }
        if (take("parents")) {
            term.kind = Term::Kind::parent;
            return term;
        }
        if (take("owners")) {
            term.kind = Term::Kind::owner;
            return term;
        }
        return Failure("in " + token_.value);
    }

    tl::expected<Term, std::string> comparison() {
        Term term;
        term.kind = Term::Kind::comparison;
        term.field = token_.value;
        if (token_.kind != Token::Kind::word || !known_field(term.field)) {
            return Failure("no search term: " + token_.value);
        }
        advance();
        static constexpr std::array<std::string_view, 7> kOperators = {
            "=", "!=", "<", "<=", ">", ">=", "contains"};
        if (std::find(kOperators.begin(), kOperators.end(), token_.value) == kOperators.end()) {
            term.op = "=";  // "sharedWithMe" alone
            term.value = "true";
            return is_flag(term.field) ? tl::expected<Term, std::string>(term)
                                       : Failure("no operator after " + term.field);
        }
        term.op = token_.value;
        advance();
        term.value = token_.value;
        const bool fits = is_flag(term.field)
                              ? token_.kind == Token::Kind::word &&
                                    (term.value == "true" || term.value == "false") &&
                                    (term.op == "=" || term.op == "!=")
                              : token_.kind == Token::Kind::text;
        if (!fits || (is_time(term.field) && !parse_timestamp(term.value))) {
            return Failure("no value for " + term.field);
        }
        advance();
        return term;
    }

    static bool is_flag(std::string_view field) {
        return field == "trashed" || field == "sharedWithMe" || field == "starred";
    }
    static bool is_time(std::string_view field) {
        return field == "modifiedTime" || field == "createdTime";
    }
    static bool known_field(std::string_view field) {
        return is_flag(field) || is_time(field) || field == "name" || field == "mimeType";
    }

    /// Every level takes some stack, of a thread that answers strangers.
    static constexpr int kDeepest = 100;

    Lexer lexer_;
    int depth_ = 0;
    Token token_;
    std::string error_;
};

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(c < 128 ? std::tolower(c) : c);
    });
    return out;
}

template <class T>
bool compare(const T& left, std::string_view op, const T& right) {
    if (op == "=") {
        return left == right;
    }
    if (op == "!=") {
        return left != right;
    }
    if (op == "<" || op == "<=") {
        return left < right || (op == "<=" && left == right);
    }
    return right < left || (op == ">=" && left == right);
}

bool compare_text(std::string left, const Term& term, bool ignore_case) {
    std::string right = term.value;
    if (ignore_case) {
        left = lower(left);
        right = lower(right);
    }
    if (term.op == "contains") {
        // Drive looks for prefixes of words in names; the start of the text is near enough.
        return left.starts_with(right) || left.find(" " + right) != std::string::npos;
    }
    return compare(left, term.op, right);
}

bool compare_field(const Term& term, const Item& item, const QueryContext& context) {
    if (term.field == "name") {
        return compare_text(item.name, term, context.ignore_case);
    }
    if (term.field == "mimeType") {
        return compare_text(item.mime_type, term, false);
    }
    if (term.field == "modifiedTime" || term.field == "createdTime") {
        const std::int64_t have = term.field == "modifiedTime" ? item.modified_ms : item.created_ms;
        return compare(have, term.op, parse_timestamp(term.value).value_or(0));
    }
    bool have = false;  // nothing is ever starred
    if (term.field == "trashed") {
        have = context.trashed(item);
    } else if (term.field == "sharedWithMe") {
        have = item.shared_with_me;
    }
    return compare(have, term.op, term.value == "true");
}

bool matches_term(const Term& term, const Item& item, const QueryContext& context) {
    const auto match = [&](const Term& inner) { return matches_term(inner, item, context); };
    switch (term.kind) {
        case Term::Kind::all: return std::all_of(term.terms.begin(), term.terms.end(), match);
        case Term::Kind::any: return std::any_of(term.terms.begin(), term.terms.end(), match);
        case Term::Kind::negation: return !match(term.terms.front());
        case Term::Kind::parent:
            return item.parent == (term.value == "root" ? context.root_id : term.value);
        case Term::Kind::owner:
            return item.owned == (term.value == "me" || term.value == context.my_email);
        case Term::Kind::comparison: break;
    }
    return compare_field(term, item, context);
}

std::optional<std::vector<std::string>> parents_of(const Term& term) {
    if (term.kind == Term::Kind::parent) {
        return std::vector<std::string>{term.value};
    }
    if (term.kind == Term::Kind::all) {
        for (const Term& inner : term.terms) {
            if (auto parents = parents_of(inner)) {
                return parents;
            }
        }
        return std::nullopt;
    }
    if (term.kind != Term::Kind::any) {
        return std::nullopt;
    }
    std::vector<std::string> all;
    for (const Term& inner : term.terms) {
        const auto parents = parents_of(inner);
        if (!parents) {
            return std::nullopt;
        }
        for (const std::string& parent : *parents) {
            if (std::find(all.begin(), all.end(), parent) == all.end()) {
                all.push_back(parent);
            }
        }
    }
    return all;
}

}  // namespace

tl::expected<Query, std::string> Query::parse(std::string_view text) {
    Query query;
    if (text.find_first_not_of(" \t\n") == std::string_view::npos) {
        return query;
    }
    auto term = Parser(text).parse();
    if (!term) {
        return Failure(term.error());
    }
    query.term_ = std::move(*term);
    return query;
}

bool Query::matches(const Item& item, const QueryContext& context) const {
    return matches_term(term_, item, context);
}

std::optional<std::vector<std::string>> Query::parents() const {
    return parents_of(term_);
}

}  // namespace emulator
