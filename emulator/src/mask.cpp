#include "mask.h"

#include <cctype>

namespace emulator {

/// Recursive descent: list = item ("," item)*; item = name ("/" item | "(" list ")")?
class MaskParser {
public:
    explicit MaskParser(std::string_view text) : text_(text) {}

    bool list(Mask& into) {
        do {
            if (!item(into)) {
                return false;
            }
        } while (take(','));
        return true;
    }
    [[nodiscard]] bool done() {
        skip_spaces();
        return at_ == text_.size();
    }
    [[nodiscard]] std::string rest() const { return std::string(text_.substr(at_)); }

private:
    bool item(Mask& into) {
        skip_spaces();
        if (take('*')) {
            into.all_ = true;
            return true;
        }
        const std::size_t begin = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      text_[at_] == '_' || text_[at_] == '-')) {
            ++at_;
        }
        if (at_ == begin) {
            return false;
        }
        Mask& field = into.fields_[std::string(text_.substr(begin, at_ - begin))];
        if (take('/')) {
            return item(field);
        }
        if (take('(')) {
            return list(field) && take(')');
        }
        field.all_ = true;
        return true;
    }
    bool take(char c) {
        skip_spaces();
        const bool there = at_ < text_.size() && text_[at_] == c;
        at_ += there ? 1 : 0;
        return there;
    }
    void skip_spaces() {
        while (at_ < text_.size() && text_[at_] == ' ') {
            ++at_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Mask Mask::everything() {
    Mask mask;
    mask.all_ = true;
    return mask;
}

tl::expected<Mask, std::string> Mask::parse(std::string_view text) {
    Mask mask;
    MaskParser parser(text);
    if (!parser.list(mask) || !parser.done()) {
        return tl::unexpected(parser.rest());
    }
    return mask;
}

bool Mask::has(std::string_view field) const {
    return all_ || fields_.find(field) != fields_.end();
}

const Mask& Mask::within(std::string_view field) const {
    static const Mask all = everything();
    const auto found = fields_.find(field);
    return found == fields_.end() ? all : found->second;
}

}  // namespace emulator
