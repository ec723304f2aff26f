// The catalog: pages, and what distribution 2.8 leaves out of them.
#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/registry/client.h"
#include "page_link.h"

#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

/// The most that distribution takes by default, what it gives by default, and whatever it likes.
constexpr std::array<int, 3> kPageSizes = {1000, 100, 0};

struct Page {
    std::vector<std::string> names;
    std::string next;  ///< absolute URL; "" where there is none
};

Result<Page> parse_page(const http::Response& answer, const std::string& url) {
    const Json json = Json::parse(answer.body, nullptr, false);
    const auto names = json.is_object() ? json.find("repositories") : json.end();
    if (!json.is_object() || names == json.end() || !(names->is_array() || names->is_null())) {
        return error(Code::bad_response, "the answer is no catalog");
    }
    Page page;
    for (const Json& name : *names) {
        if (!name.is_string()) {
            return error(Code::bad_response, "the catalog holds something that is no name");
        }
        page.names.push_back(name.get<std::string>());
    }
    if (const auto link = answer.headers.get("Link")) {
        page.next = next_page(*link, url);
    }
    return page;
}

/// Collects names over pages.
class Paging {
public:
    Paging(Client& client, std::string base) : client_(client), base_(std::move(base)) {}

    /// All pages from there on; true where they brought something new.
    Result<bool> follow(std::string url) {
        const std::size_t before = names_.size();
        while (!url.empty()) {
            const std::size_t known = names_.size();
            Page page = GDS_TRY(fetch(url));
            names_.insert(page.names.begin(), page.names.end());
            if (names_.size() == known && !page.next.empty()) {
                return error(Code::bad_response, "pages of the catalog go round in a circle");
            }
            url = std::move(page.next);
        }
        return names_.size() > before;
    }

    Result<bool> follow_all() {
        Result<bool> followed = false;
        for (const int size : kPageSizes) {
            page_size_ = size;
            followed = follow(first());
            if (followed || followed.error().http_status != 400) {
                break;
            }
        }
        return followed;
    }

    /// Past the greatest name, where a lost link to the next page hides the rest.
    Result<bool> follow_past_last() {
        if (names_.empty()) {
            return false;
        }
        return follow(http::with_query(first(), {{"last", *names_.rbegin()}}));
    }

    [[nodiscard]] const std::set<std::string>& names() const { return names_; }

private:
    [[nodiscard]] std::string first() const {
        const std::string url = base_ + "/v2/_catalog";
        return page_size_ == 0 ? url : http::with_query(url, {{"n", std::to_string(page_size_)}});
    }

    Result<Page> fetch(const std::string& url) {
        const http::Response answer = GDS_TRY(client_.send(Client::request("GET", url, "catalog")));
        return parse_page(answer, url);
    }

    Client& client_;
    std::string base_;
    int page_size_ = 0;
    std::set<std::string> names_;
};

}  // namespace

Result<Catalog> Client::catalog() {
    Paging paging(*this, settings_.endpoint.base_url());
    Catalog catalog;
    auto more = paging.follow_all();
    if (!more && paging.names().empty()) {
        return more.error();
    }
    while (more && *more) {
        more = paging.follow_past_last();
    }
    if (!more) {
        catalog.complete = false;
        catalog.problem = more.error().message;
    }
    catalog.repositories.assign(paging.names().begin(), paging.names().end());
    return catalog;
}

}  // namespace gds::registry
