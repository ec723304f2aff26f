#include "url_part.h"

#include <memory>

namespace gds::http {

namespace {

struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};

}  // namespace

std::string url_part(CURLU* url, CURLUPart which, unsigned flags) {
    char* raw = nullptr;
    if (curl_url_get(url, which, &raw, flags) != CURLUE_OK) {
        return {};
    }
    const std::unique_ptr<char, FreeText> text(raw);
    return text.get();
}

}  // namespace gds::http
