#pragma once

#include "gds/base/cancel.h"
#include "gds/base/result.h"
#include "gds/http/engine.h"
#include "gds/registry/credentials.h"
#include "gds/registry/digest.h"
#include "gds/registry/reference.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gds::registry {

class Authenticator;

struct ClientSettings {
    Endpoint endpoint;
    Login login;
    http::Options http;
};

/// All names of a registry.
struct Catalog {
    std::vector<std::string> repositories;  ///< sorted, each once
    bool complete = true;
    std::string problem;  ///< why it is not
};

/// A manifest as it came; nothing of it is checked.
struct ManifestAnswer {
    std::string body;
    std::string content_type;
    std::string claimed_digest;  ///< Docker-Content-Digest
};

/// What a registry says of a blob.
struct BlobAnswer {
    int status = 0;
    std::int64_t size = -1;     ///< -1 where it is not told
    bool short_body = false;    ///< the answer promised bytes that did not come
    bool wrong_digest = false;  ///< all bytes came, and are not what the digest says
};

/// How a blob is asked for.
enum class BlobCheck : std::uint8_t {
    link,  ///< HEAD: says whether this repository links it, by the registry's cache if it has one
    data,  ///< GET of the last byte: says whether the bytes are there
    full,  ///< GET of everything, hashed
};

/// One registry over HTTP (OCI distribution spec, and what distribution 2.8 does beside it). An
/// Error's http_status says what was answered; 0 is no answer, or one that makes no sense.
class Client {
public:
    /// The cancel must outlive the client.
    Client(ClientSettings settings, Cancel& cancel);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] const Endpoint& endpoint() const { return settings_.endpoint; }
    /// For whoever pumps; start nothing on it directly.
    http::Engine& engine() { return *engine_; }

    /// Ask for /v2/, and learn how to log in. Error: unauthenticated, or why there is no registry.
    Status connect();
    /// Every page, and once more past the last name: distribution loses repositories otherwise.
    Result<Catalog> catalog();

    // Answers come while the engine is pumped. A repository without tags, or one that the registry
    // does not know tags of, has an empty list.
    using OnTags = std::function<void(Result<std::vector<std::string>>)>;
    /// Every page, sorted, each name once.
    void list_tags(const std::string& repository, OnTags done);
    using OnManifest = std::function<void(Result<ManifestAnswer>)>;
    /// `reference` is a tag or a digest.
    void get_manifest(const std::string& repository, const std::string& reference, OnManifest done);
    using OnBlob = std::function<void(Result<BlobAnswer>)>;
    /// `expected` bounds what is read; -1 where it is not known.
    void check_blob(const std::string& repository, const Digest& digest, std::int64_t expected,
                    BlobCheck check, OnBlob done);

    /// "https://host/v2/REPOSITORY/KIND/REFERENCE".
    [[nodiscard]] std::string url(const std::string& repository, std::string_view kind,
                                  std::string_view reference) const;
    /// A request with this registry's way to read errors and its bounds.
    [[nodiscard]] static http::Request request(std::string method, std::string url,
                                               std::string label);
    /// Send one and wait for its answer.
    Result<http::Response> send(http::Request request) {
        return engine_->fetch(std::move(request));
    }

private:
    struct TagPages;
    void next_tags(const std::shared_ptr<TagPages>& pages);

    ClientSettings settings_;
    std::unique_ptr<Authenticator> authenticator_;
    std::unique_ptr<http::Engine> engine_;
};

/// What an answer means here: like http::classify_by_status(), with the registry's own words
/// ("MANIFEST_UNKNOWN: manifest unknown"), and 500 as final: the registry says it of damaged
/// content, and whoever doubts it looks again later.
std::optional<Error> classify_answer(const http::Response& response);

}  // namespace gds::registry
