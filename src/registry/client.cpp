#include "gds/registry/client.h"

#include "authenticator.h"
#include "blob_exchange.h"
#include "gds/base/text.h"
#include "gds/registry/manifest.h"
#include "page_link.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace gds::registry {

namespace {

using Json = nlohmann::json;

constexpr Millis kTimeLimit{120'000};
/// Of what is small: the last byte of a blob, or a manifest.
constexpr Millis kSmallTimeLimit{30'000};

std::string accepted_types() {
    std::string accept;
    for (const std::string_view type : kManifestTypes) {
        accept += (accept.empty() ? "" : ", ") + std::string(type);
    }
    return accept;
}

std::string encoded_path(std::string_view path) {
    std::string encoded;
    for (const std::string& part : split(path, '/')) {
        encoded += (encoded.empty() ? "" : "/") + http::encode_component(part);
    }
    return encoded;
}

/// "CODE: message" of the first error in a registry's answer; empty where it is none.
std::pair<std::string, std::string> told_error(const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    const auto text = [](const Json& object, const char* name) {
        const auto found = object.find(name);
        return found != object.end() && found->is_string() ? found->get<std::string>() : "";
    };
    if (!json.is_object() || !json.contains("errors") || !json["errors"].is_array() ||
        json["errors"].empty() || !json["errors"][0].is_object()) {
        return {};
    }
    const Json& first = json["errors"][0];
    return {text(first, "code"), text(first, "message")};
}

Result<std::vector<std::string>> parse_tags(const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("tags")) {
        return error(Code::bad_response, "not a list of tags");
    }
    std::vector<std::string> tags;
    if (json["tags"].is_null()) {
        return tags;  // none left
    }
    if (!json["tags"].is_array()) {
        return error(Code::bad_response, "not a list of tags");
    }
    for (const Json& tag : json["tags"]) {
        if (!tag.is_string()) {
            return error(Code::bad_response, "a tag that is no text");
        }
        tags.push_back(tag.get<std::string>());
    }
    return tags;
}

}  // namespace

std::optional<Error> classify_answer(const http::Response& response) {
    auto refused = http::classify_by_status(response);
    if (!refused) {
        return refused;
    }
    if (response.status == 500) {
        refused->code = Code::io;
    }
    const auto [code, message] = told_error(response.body);
    refused->reason = code;
    if (!code.empty()) {
        refused->message =
            fmt::format("{} {}: {}", response.status, printable(code), printable(message));
    }
    return refused;
}

Client::Client(ClientSettings settings, Cancel& cancel)
    : settings_(std::move(settings)),
      authenticator_(std::make_unique<Authenticator>(settings_.endpoint.base_url(), settings_.login,
                                                     settings_.http, cancel)),
      engine_(std::make_unique<http::Engine>(settings_.http, cancel, authenticator_.get())) {}

Client::~Client() = default;

http::Request Client::request(std::string method, std::string url, std::string label) {
    http::Request request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.label = std::move(label);
    request.classify = classify_answer;
    request.time_limit = kTimeLimit;
    return request;
}

std::string Client::url(const std::string& repository, std::string_view kind,
                        std::string_view reference) const {
    return fmt::format(
        "{}/v2/{}/{}/{}", settings_.endpoint.base_url(), encoded_path(repository), kind,
        reference.find(':') == std::string_view::npos ? http::encode_component(reference)
                                                      : std::string(reference));
}

Status Client::connect() {
    http::Request ping = request("GET", settings_.endpoint.base_url() + "/v2/", "ping");
    ping.authorize = false;
    ping.max_body = kLargestManifest;
    // 401 is an answer too: it tells how to log in.
    ping.classify = [](const http::Response& response) {
        return response.status == 401 ? std::nullopt : classify_answer(response);
    };
    const auto answer = engine_->fetch(std::move(ping));
    if (!answer) {
        const std::string hint = answer.error().http_status == 0 && !settings_.endpoint.plain_http
                                     ? "; if it speaks HTTP without TLS, say so with --plain-http"
                                     : "";
        Error failure = answer.error().context("no registry");
        failure.message += hint;
        return failure;
    }
    authenticator_->learn(*answer);
    return {};
}

/// The tags of one repository, as far as they came.
struct Client::TagPages {
    std::string url;  ///< of the page that is asked for
    std::set<std::string> tags;
    OnTags done;
};

void Client::list_tags(const std::string& repository, OnTags done) {
    next_tags(
        std::make_shared<TagPages>(TagPages{url(repository, "tags", "list"), {}, std::move(done)}));
}

void Client::next_tags(const std::shared_ptr<TagPages>& pages) {
    engine_->send(request("GET", pages->url, "tags"), [this, pages](Result<http::Response> answer) {
        const bool is_first = pages->tags.empty();
        if (!answer && answer.error().code == Code::not_found && is_first) {
            pages->done(std::vector<std::string>());
            return;
        }
        auto more = answer ? parse_tags(answer->body) : answer.error();
        if (!more) {
            pages->done(more.error());
            return;
        }
        const std::size_t known = pages->tags.size();
        pages->tags.insert(more->begin(), more->end());
        pages->url = next_page(answer->headers.get("Link").value_or(""), pages->url);
        if (pages->url.empty()) {
            pages->done(std::vector<std::string>(pages->tags.begin(), pages->tags.end()));
        } else if (pages->tags.size() == known) {
            pages->done(error(Code::bad_response, "pages of its tags go round in a circle"));
        } else {
            next_tags(pages);
        }
    });
}

void Client::get_manifest(const std::string& repository, const std::string& reference,
                          OnManifest done) {
    http::Request get = request("GET", url(repository, "manifests", reference), "manifest");
    get.headers.add("Accept", accepted_types());
    get.max_body = kLargestManifest;
    get.time_limit = std::max(kSmallTimeLimit, settings_.http.timeout);
    engine_->send(std::move(get), [done = std::move(done)](Result<http::Response> answer) {
        if (!answer) {
            done(answer.error());
            return;
        }
        const auto header = [&](std::string_view name) {
            return std::string(answer->headers.get(name).value_or(""));
        };
        done(ManifestAnswer{std::move(answer->body), header("Content-Type"),
                            header("Docker-Content-Digest")});
    });
}

void Client::check_blob(const std::string& repository, const Digest& digest, std::int64_t expected,
                        BlobCheck check, OnBlob done) {
    http::Request ask = request(check == BlobCheck::link ? "HEAD" : "GET",
                                url(repository, "blobs", digest.text()), "blob");
    if (check != BlobCheck::full) {
        ask.time_limit = std::max(kSmallTimeLimit, settings_.http.timeout);
    }
    if (check == BlobCheck::data) {
        ask.headers.add("Range", "bytes=-1");
    }
    engine_->start(
        std::make_shared<BlobExchange>(std::move(ask), digest, expected, check, std::move(done)));
}

}  // namespace gds::registry
