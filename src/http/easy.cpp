#include "easy.h"

namespace gds::http {

void Easy::recycle() {
    if (once_) {
        curl_easy_reset(handle_.get());
        blank_ = true;
        once_ = false;
    } else {
        // They belong to whoever made the request.
        for (const CURLoption place : {CURLOPT_HTTPHEADER, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA,
                                       CURLOPT_PREREQDATA, CURLOPT_ERRORBUFFER}) {
            set_pointer(place, nullptr);
        }
    }
    headers_.reset();
    failure_ = CURLE_OK;
}

void Easy::set_url(const std::string& url) {
    const PlainUrl plain = split_plain_url(url);
    // A proxy for plain HTTP is sent the whole URL in place of the target.
    const bool split = !plain.target.empty() && plain.authority.starts_with("https://");
    const std::string_view parsed = split ? plain.authority : url;
    if (parsed != parsed_) {
        parsed_ = parsed;
        url_ = parse_url(parsed_);
    }
    // What cannot be parsed curl refuses in its own words when the transfer begins.
    set(CURLOPT_URL, parsed_);
    set_pointer(CURLOPT_CURLU, url_.get());
    set_pointer(CURLOPT_REQUEST_TARGET, split ? plain.target.data() : nullptr);
}

void Easy::set_tunnel_agent(const std::string& name) {
    if (name != tunnel_agent_) {
        tunnel_agent_ = name;
        tunnel_headers_.reset();
        if (!name.empty()) {
            append(tunnel_headers_, "User-Agent: " + name);
        }
    }
    set_pointer(CURLOPT_PROXYHEADER, tunnel_headers_.get());
}

void Easy::append(List& list, const std::string& line) {
    curl_slist* first = curl_slist_append(list.get(), line.c_str());
    if (first == nullptr) {
        failure_ = CURLE_OUT_OF_MEMORY;
    } else if (!list) {
        // Later appends return this same first node.
        list.reset(first);
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
