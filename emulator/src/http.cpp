#include "http.h"

#include <cctype>
#include <nlohmann/json.hpp>

namespace emulator {
namespace {

using nlohmann::json;

std::string_view status_name(int code) {
    switch (code) {
        case 400: return "INVALID_ARGUMENT";
        case 401: return "UNAUTHENTICATED";
        case 403: return "PERMISSION_DENIED";
        case 404: return "NOT_FOUND";
        case 416: return "OUT_OF_RANGE";
        case 429: return "RESOURCE_EXHAUSTED";
        case 503: return "UNAVAILABLE";
        default: return code >= 500 ? "INTERNAL" : "FAILED_PRECONDITION";
    }
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const int lower = std::tolower(static_cast<unsigned char>(c));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> Request::param(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) {
            return value;
        }
    }
    return std::nullopt;
}

std::string Request::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

std::string Request::origin() const {
    return (via == "http" ? "http://" : "https://") + host;
}

Answer error_answer(int code, std::string_view reason, std::string_view message,
                    std::string_view location, std::string_view domain) {
    json detail = {{"message", message}, {"domain", domain}, {"reason", reason}};
    if (!location.empty()) {
        detail["location"] = location;
        detail["locationType"] = location == "Authorization" ? "header" : "parameter";
    }
    const json body = {{"error",
                        {{"code", code},
                         {"message", message},
                         {"errors", json::array({detail})},
                         {"status", status_name(code)}}}};
    Answer answer;
    answer.status = code;
    answer.body = body.dump(1);
    return answer;
}

Answer oauth_error(int code, std::string_view error, std::string_view description,
                   std::string_view subtype) {
    json body = {{"error", error}, {"error_description", description}};
    if (!subtype.empty()) {
        body["error_subtype"] = subtype;
    }
    Answer answer;
    answer.status = code;
    answer.body = body.dump(1);
    return answer;
}

Answer html_answer(int status, std::string_view title) {
    Answer answer;
    answer.status = status;
    answer.content_type = "text/html; charset=utf-8";
    answer.body = "<!DOCTYPE html><html><head><title>";
    answer.body.append(title)
        .append("</title></head><body><h1>")
        .append(title)
        .append("</h1></body></html>\n");
    return answer;
}

std::string url_encode(std::string_view text) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 15U];
        }
    }
    return out;
}

std::string url_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
            hex_value(text[at + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
            at += 2;
        } else {
            out += plus_is_space && text[at] == '+' ? ' ' : text[at];
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!text.empty()) {
        const std::size_t end = text.find('&');
        const std::string_view part = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (part.empty()) {
            continue;
        }
        const std::size_t equals = part.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        out.emplace_back(url_decode(part.substr(0, equals), true), url_decode(value, true));
    }
    return out;
}

}  // namespace emulator
