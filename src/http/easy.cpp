#include "easy.h"

#include "url_part.h"

namespace gds::http {

void Easy::reset() {
    curl_easy_reset(handle_.get());
    headers_.reset();
    failure_ = CURLE_OK;
}

void Easy::set_url(const std::string& url) {
    set(CURLOPT_URL, url);
    // Of what was asked for before, a relative URL would be taken as a part.
    curl_url_set(url_.get(), CURLUPART_URL, nullptr, 0);
    // What cannot be parsed curl refuses in its own words when the transfer begins.
    if (curl_url_set(url_.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
        set_target();
        set_pointer(CURLOPT_CURLU, url_.get());
    }
}

void Easy::set_target() {
    CURLU* const url = url_.get();
    const std::string query = url_part(url, CURLUPART_QUERY);
    // A proxy for plain HTTP is sent the whole URL in place of the target.
    if (query.empty() || url_part(url, CURLUPART_SCHEME) != "https") {
        return;
    }
    set(CURLOPT_REQUEST_TARGET, url_part(url, CURLUPART_PATH, CURLU_URLENCODE) + "?" + query);
    curl_url_set(url, CURLUPART_QUERY, nullptr, 0);
}

void Easy::add_header(const std::string& line) {
    curl_slist* list = curl_slist_append(headers_.get(), line.c_str());
    if (list == nullptr) {
        failure_ = CURLE_OUT_OF_MEMORY;
    } else if (!headers_) {
        // Later appends return this same first node.
        headers_.reset(list);
    }
}

long Easy::info_long(CURLINFO info) const {
    long value = 0;
    return curl_easy_getinfo(handle_.get(), info, &value) == CURLE_OK ? value : 0;
}

std::string Easy::info_text(CURLINFO info) const {
    const char* value = nullptr;
    const CURLcode code = curl_easy_getinfo(handle_.get(), info, &value);
    return code == CURLE_OK && value != nullptr ? value : "";
}

}  // namespace gds::http
