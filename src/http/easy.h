#pragma once

#include "url.h"

#include <curl/curl.h>

#include <concepts>
#include <memory>
#include <string>

namespace gds::http {

/// A curl easy handle whose options are set through typed calls: libcurl checks argument types in C
/// only, and an int where a long belongs goes unnoticed in C++. The first refused option is kept.
class Easy {
public:
    Easy() : handle_(curl_easy_init()) {}
    /// Uses what `share` holds.
    explicit Easy(CURLSH* share) : Easy() {
        set_pointer(CURLOPT_SHARE, share);
        blank_ = true;
    }

    [[nodiscard]] CURL* get() const { return handle_.get(); }
    /// True while nothing but the share is set.
    [[nodiscard]] bool is_blank() const { return blank_; }
    /// What is set next is meant for one request.
    Easy& only_once() {
        once_ = true;
        return *this;
    }
    /// After a request: options are kept, unless some were set only_once(), which needs all of them
    /// to go back to their defaults. Headers go. Connections live in the multi handle and stay.
    void recycle();

    void set(CURLoption option, std::same_as<long> auto value) {
        keep(option, CURLOPTTYPE_LONG, value);
    }
    /// Sizes that only make things faster: curl refuses them while a used handle keeps its buffer.
    void prefer(CURLoption option, long value) {
        [[maybe_unused]] const CURLcode ignored = curl_easy_setopt(handle_.get(), option, value);
    }
    void set(CURLoption option, const std::string& value) {
        keep(option, CURLOPTTYPE_OBJECTPOINT, value.c_str());
    }
    void set_offset(CURLoption option, curl_off_t value) { keep(option, CURLOPTTYPE_OFF_T, value); }
    /// curl keeps the pointer: what it points to must outlive the transfer.
    void set_pointer(CURLoption option, const void* value) {
        keep(option, CURLOPTTYPE_OBJECTPOINT, value);
    }
    template <class Return, class... Arguments>
    void set_callback(CURLoption option, Return (*function)(Arguments...) noexcept) {
        keep(option, CURLOPTTYPE_FUNCTIONPOINT, function);
    }
    /// Where the request goes. What curl knows of a URL it takes apart and puts together again for
    /// each request, a byte at a time: it is told no more than it needs, parsed once a host.
    void set_url(const std::string& url);
    void add_header(const std::string& line) { append(headers_, line); }
    /// The name that a proxy is told where it is asked for a tunnel; "" for none.
    void set_tunnel_agent(const std::string& name);
    /// After the last add_header().
    void use_headers() { set_pointer(CURLOPT_HTTPHEADER, headers_.get()); }

    [[nodiscard]] long info_long(CURLINFO info) const;
    [[nodiscard]] std::string info_text(CURLINFO info) const;
    [[nodiscard]] CURLcode failure() const { return failure_; }

private:
    template <class T>
    void keep(CURLoption option, int type, T value) {
        // Options are numbered by type, ten thousand numbers each.
        const bool fits = option / 10'000 == type / 10'000;
        blank_ = false;
        const CURLcode code =
            fits ? curl_easy_setopt(handle_.get(), option, value) : CURLE_BAD_FUNCTION_ARGUMENT;
        if (failure_ == CURLE_OK) {
            failure_ = code;
        }
    }

    struct Free {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    using List = std::unique_ptr<curl_slist, Free>;
    void append(List& list, const std::string& line);

    std::string parsed_;  ///< what url_ was made of
    Url url_;             // outlives the handle, which points to it
    std::unique_ptr<CURL, Free> handle_;
    List headers_;
    std::string tunnel_agent_;
    List tunnel_headers_;  ///< made of tunnel_agent_
    bool blank_ = true;
    bool once_ = false;
    CURLcode failure_ = CURLE_OK;
};

}  // namespace gds::http
