#include "repair_hands.h"

#include "gds/base/log.h"
#include "gds/base/text.h"
#include "gds/registry/reference.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace gds::registry {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kChunk = std::size_t{8} << 20U;
constexpr const char* kBytes = "application/octet-stream";

/// What the registry's refusal means to a person.
Error explain(Error failure, std::string_view method) {
    if (failure.http_status == 405) {
        failure.code = Code::read_only;
        failure.message =
            method == "DELETE"
                ? "the registry refuses deletes (405): set storage.delete.enabled to true, and "
                  "storage.maintenance.readonly off, for the time of the repair"
                : "the registry refuses writes (405): it is in read-only mode "
                  "(storage.maintenance.readonly), or a pull-through cache";
    }
    return failure;
}

/// A manifest that no other tag of any repository has, to stand in for a tag that leads nowhere.
struct StandIn {
    explicit StandIn(const Step& step) {
        config = OrderedJson{{"stands_for", step.repository + ":" + step.tag}}.dump();
        const OrderedJson json{{"schemaVersion", 2},
                               {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                               {"config",
                                {{"mediaType", "application/vnd.oci.image.config.v1+json"},
                                 {"digest", Digest::of(config).text()},
                                 {"size", config.size()}}},
                               {"layers", OrderedJson::array()}};
        manifest = {"application/vnd.oci.image.manifest.v1+json", json.dump()};
    }

    std::string config;
    ManifestBytes manifest;
};

Result<std::string> read_chunk(const Fd& file) {
    std::string chunk(kChunk, '\0');
    std::size_t filled = 0;
    while (filled < chunk.size()) {
        const auto got = ::read(file.get(), chunk.data() + filled, chunk.size() - filled);
        if (got < 0 && errno != EINTR) {
            return errno_error(errno, "a layer on the registry's disk");
        }
        if (got == 0) {
            break;
        }
        filled += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    chunk.resize(filled);
    return chunk;
}

Status make_directories(const std::string& path) {
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    return failed ? Status(error(Code::io, fmt::format("{}: {}", path, failed.message())))
                  : Status();
}

Error unreadable_tag(const std::string& repository, const std::string& tag) {
    return error(Code::conflict,
                 fmt::format("the registry cannot read the tag {}:{}, and would leave every delete "
                             "in this repository half done: remove it on the registry's disk first",
                             repository, printable(tag)));
}

}  // namespace

Hands::Hands(Client& client, const Storage* storage, std::string backup_dir)
    : client_(client), storage_(storage), backup_dir_(std::move(backup_dir)) {}

Result<http::Response> Hands::send(http::Request request) {
    const std::string method = request.method;
    auto answer = client_.send(std::move(request));
    return answer ? std::move(answer) : Result<http::Response>(explain(answer.error(), method));
}

Status Hands::carry_out(const Step& step) {
    switch (step.action) {
        case Action::mount: return mount(step);
        case Action::upload: return upload(step);
        case Action::put: return put(step.repository, step.digest.text(), step.bytes);
        case Action::tag: return put(step.repository, step.tag, step.bytes);
        case Action::remove_tag: return remove_stand_in(step);
        case Action::remove: return remove(step);
    }
    return error(Code::internal, "a step of no kind");
}

Status Hands::mount(const Step& step) {
    const std::string url = http::with_query(client_.url(step.repository, "blobs", "uploads/"),
                                             {{"mount", step.digest.text()}, {"from", step.from}});
    const auto answer = GDS_TRY(send(Client::request("POST", url, "mount")));
    if (answer.status != 201) {  // 202 begins an upload instead
        return error(Code::conflict, fmt::format("{} could not be mounted from {}",
                                                 step.digest.shortened(), step.from));
    }
    return {};
}

Result<std::string> Hands::location_of(const http::Response& answer) const {
    const std::string location(answer.headers.get("Location").value_or(""));
    const std::string base = client_.endpoint().base_url();
    if (location.starts_with('/') && !location.starts_with("//")) {
        return base + location;
    }
    // Behind a proxy a registry may not know how it is called; nothing goes to another host.
    const auto path = location.find("/v2/");
    if (path == std::string::npos) {
        return error(Code::bad_response, "the registry did not say where to upload to");
    }
    return base + location.substr(path);
}

Result<std::string> Hands::begin_upload(const std::string& repository) {
    return location_of(GDS_TRY(
        send(Client::request("POST", client_.url(repository, "blobs", "uploads/"), "upload"))));
}

Status Hands::finish_upload(const std::string& location, const Digest& digest, std::string body) {
    const char* separator = location.find('?') == std::string::npos ? "?" : "&";
    http::Request request = Client::request(
        "PUT", fmt::format("{}{}digest={}", location, separator, digest.text()), "upload");
    request.headers.add("Content-Type", kBytes);
    request.body = std::move(body);
    GDS_CHECK(send(std::move(request)));
    return {};
}

Status Hands::send_file(std::string& location, const Fd& file) {
    for (;;) {
        std::string chunk = GDS_TRY(read_chunk(file));
        if (chunk.empty()) {
            return {};
        }
        http::Request request = Client::request("PATCH", location, "upload");
        request.headers.add("Content-Type", kBytes);
        request.body = std::move(chunk);
        location = GDS_TRY(location_of(GDS_TRY(send(std::move(request)))));
    }
}

Status Hands::upload(const Step& step) {
    if (storage_ == nullptr) {
        return error(Code::internal, "an upload without a disk to read from");
    }
    const Fd file = GDS_TRY(storage_->open_blob(step.digest));
    std::string location = GDS_TRY(begin_upload(step.repository));
    GDS_CHECK(send_file(location, file));
    return finish_upload(location, step.digest, {});
}

Status Hands::put(const std::string& repository, const std::string& reference,
                  const ManifestBytes& bytes) {
    http::Request request =
        Client::request("PUT", client_.url(repository, "manifests", reference), "put");
    request.headers.add("Content-Type", bytes.media_type);
    request.body = bytes.content;
    GDS_CHECK(send(std::move(request)));
    return {};
}

Status Hands::check_deletes(const std::string& repository) {
    // A digest that nothing has: 404 where deletes are on, 405 where they are not.
    const std::string url = client_.url(repository, "manifests", "sha256:" + std::string(64, '0'));
    const auto answer = send(Client::request("DELETE", url, "delete"));
    return answer || answer.error().code == Code::not_found ? Status() : answer.error();
}

Status Hands::replace_tag(const Step& step) {
    const StandIn stand_in(step);
    const std::string location = GDS_TRY(begin_upload(step.repository));
    GDS_CHECK(finish_upload(location, Digest::of(stand_in.config), stand_in.config));
    Status done = put(step.repository, step.tag, stand_in.manifest);
    if (!done && done.error().http_status == 500) {
        return error(Code::conflict,
                     fmt::format("\"{}\" among the tags can only be removed on the registry's disk",
                                 printable(step.tag)));
    }
    return done;
}

Status Hands::remove_stand_in(const Step& step) {
    const std::string digest = Digest::of(StandIn(step).manifest.content).text();
    GDS_CHECK(send(
        Client::request("DELETE", client_.url(step.repository, "manifests", digest), "delete")));
    return {};
}

Status Hands::remove(const Step& step) {
    GDS_CHECK(keep_copy(step));
    const std::string url = client_.url(step.repository, "manifests", step.digest.text());
    const auto answer = send(Client::request("DELETE", url, "delete"));
    if (answer || answer.error().code == Code::not_found) {
        return {};
    }
    if (answer.error().http_status == 500) {
        // It may have been done nevertheless.
        const auto still = client_.send(Client::request("HEAD", url, "manifest"));
        if (!still && still.error().code == Code::not_found) {
            return {};
        }
    }
    return answer.error();
}

Status Hands::prepare_backup() const {
    if (backup_dir_.empty()) {
        return {};
    }
    GDS_CHECK(make_directories(backup_dir_));
    const std::string trial = backup_dir_ + "/.writable";
    GDS_CHECK(replace_file(trial, "", 0600));
    std::error_code ignored;
    std::filesystem::remove(trial, ignored);
    return {};
}

Status Hands::keep_copy(const Step& step) {
    if (backup_dir_.empty()) {
        return {};
    }
    http::Request get = Client::request(
        "GET", client_.url(step.repository, "manifests", step.digest.text()), "manifest");
    for (const std::string_view type : kManifestTypes) {
        get.headers.add("Accept", std::string(type));
    }
    get.max_body = kLargestManifest;
    const auto answer = client_.send(std::move(get));
    if (!answer) {
        const bool unreadable =
            answer.error().code == Code::not_found || answer.error().http_status == 500;
        if (unreadable) {
            log::warn("no copy kept of what the registry cannot read",
                      {{"repository", step.repository}, {"digest", step.digest.text()}});
        }
        return unreadable ? Status() : answer.error();
    }
    const std::string folder = fmt::format("{}/{}", backup_dir_, step.repository);
    GDS_CHECK(make_directories(folder));
    const std::string file =
        fmt::format("{}/{}-{}", folder, step.digest.algorithm(), step.digest.hex());
    GDS_CHECK(replace_file(file + ".json", answer->body, 0644));
    const OrderedJson about{{"repository", step.repository},
                            {"digest", step.digest.text()},
                            {"media_type", answer->headers.get("Content-Type").value_or("")},
                            {"why", step.why}};
    return replace_file(file + ".about.json",
                        about.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n",
                        0644);
}

Result<std::map<Digest, std::set<std::string>>> Hands::head_tags(
    const std::string& repository, const std::set<std::string>& expected) {
    std::optional<Result<std::vector<std::string>>> listed;
    client_.list_tags(repository,
                      [&](Result<std::vector<std::string>> came) { listed = std::move(came); });
    while (!listed) {
        static_cast<void>(client_.engine().pump());
    }
    std::map<Digest, std::set<std::string>> tags;
    for (const std::string& tag : GDS_TRY(*std::move(listed))) {
        if (!is_tag_name(tag)) {  // it answers 404 for it, and stumbles over it all the same
            return unreadable_tag(repository, tag);
        }
        http::Request head =
            Client::request("HEAD", client_.url(repository, "manifests", tag), "manifest");
        for (const std::string_view type : kManifestTypes) {
            head.headers.add("Accept", std::string(type));
        }
        const auto answer = client_.send(std::move(head));
        if (answer) {
            const auto digest =
                Digest::parse(answer->headers.get("Docker-Content-Digest").value_or(""));
            tags[GDS_TRY(digest)].insert(tag);
        } else if (answer.error().http_status == 500 && expected.count(tag) == 0) {
            return unreadable_tag(repository, tag);
        } else if (answer.error().http_status != 500 && answer.error().code != Code::not_found) {
            return answer.error();
        }
    }
    return tags;
}

}  // namespace gds::registry
