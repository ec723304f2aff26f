#include "support.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

namespace gds::auth::test {

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

TempDir::TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "auth-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::string TempDir::path(std::string_view name) const {
    return (root_ / name).string();
}

std::string TempDir::write(std::string_view name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
}

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::function<std::optional<std::string>(const std::string&)> environment(
    std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

Reply granted(const std::string& token, int expires_in, const std::string& scope) {
    const nlohmann::json body = {{"access_token", token},
                                 {"expires_in", expires_in},
                                 {"scope", scope},
                                 {"token_type", "Bearer"}};
    return {200, body.dump()};
}

Reply refusal(const std::string& error, const std::string& description,
              const std::string& subtype) {
    nlohmann::json body = {{"error", error}};
    if (!description.empty()) {
        body["error_description"] = description;
    }
    if (!subtype.empty()) {
        body["error_subtype"] = subtype;
    }
    return {error == "invalid_client" ? 401 : 400, body.dump()};
}

class TokenServer::Impl {
public:
    explicit Impl(Handler handler) : handler_(std::move(handler)) {
        server_.Post("/token", [this](const httplib::Request& request,
                                      httplib::Response& response) { answer(request, response); });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
    }
    ~Impl() {
        // Bound sockets queue connections, but stop() is lost on a loop that has not begun.
        while (!server_.is_running()) {
            std::this_thread::yield();
        }
        server_.stop();
        thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::vector<Parameters> requests() const {
        const std::scoped_lock lock(mutex_);
        return requests_;
    }

private:
    void answer(const httplib::Request& request, httplib::Response& response) {
        EXPECT_EQ(request.get_header_value("Content-Type"), "application/x-www-form-urlencoded");
        const std::scoped_lock lock(mutex_);
        requests_.emplace_back(request.params.begin(), request.params.end());
        const Reply reply = handler_(requests_.back());
        response.status = reply.status;
        for (const auto& [name, value] : reply.headers) {
            response.set_header(name, value);
        }
        response.set_content(reply.body, "application/json");
    }

    Handler handler_;
    httplib::Server server_;
    int port_ = 0;
    mutable std::mutex mutex_;
    std::vector<Parameters> requests_;
    std::thread thread_;
};

TokenServer::TokenServer(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {}

TokenServer::TokenServer(std::vector<Reply> replies)
    : TokenServer([replies = std::move(replies), next = std::size_t{0}](const Parameters&) mutable {
          if (next == replies.size()) {
              ADD_FAILURE() << "more token requests than replies";
              return Reply{500, ""};
          }
          return replies[next++];
      }) {}

TokenServer::~TokenServer() = default;

std::string TokenServer::url() const {
    return "http://127.0.0.1:" + std::to_string(impl_->port()) + "/token";
}

std::vector<Parameters> TokenServer::requests() const {
    return impl_->requests();
}

Fd connect_to(int port) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
}

int unused_port() {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket.get(), generic, size), 0);
    EXPECT_EQ(::getsockname(socket.get(), generic, &size), 0);
    return ntohs(address.sin_port);
}

http::Options quick_options() {
    http::Options options;
    options.retries = 3;
    options.first_backoff = Millis(1);
    options.timeout = Millis(20'000);
    options.user_agent = "auth-test";
    return options;
}

Credentials refresh_credentials() {
    Credentials credentials;
    credentials.origin = "environment";
    credentials.refresh =
        RefreshCredentials{"client-id", Secret(kClientSecret), Secret(kRefreshToken)};
    return credentials;
}

const KeyPair& rsa_key() {
    static const KeyPair pair = [] {
        const std::unique_ptr<EVP_PKEY, Free> key(EVP_RSA_gen(2048));
        const std::unique_ptr<BIO, Free> secret(BIO_new(BIO_s_mem()));
        const std::unique_ptr<BIO, Free> open(BIO_new(BIO_s_mem()));
        EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0,
                                                nullptr, nullptr),
                  1);
        EXPECT_EQ(PEM_write_bio_PUBKEY(open.get(), key.get()), 1);
        return KeyPair{content_of(secret.get()), content_of(open.get())};
    }();
    return pair;
}

bool verifies(const std::string& public_pem, std::string_view text, const std::string& signature) {
    const std::unique_ptr<BIO, Free> bio(
        BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size())));
    const std::unique_ptr<EVP_PKEY, Free> key(
        PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                            text.size()) == 1;
}

std::string decode_base64url(std::string_view text) {
    std::string padded(text);
    for (char& c : padded) {
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    const std::size_t missing = (4 - padded.size() % 4) % 4;
    padded.append(missing, '=');
    std::string bytes(padded.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     bytes_of(padded), static_cast<int>(padded.size()));
    EXPECT_GE(size, 0);
    bytes.resize(bytes.size() - missing);
    return bytes;
}

std::string sha256(std::string_view text) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
}

std::string service_account_json() {
    return nlohmann::json{{"type", "service_account"},
                          {"client_email", "mirror@project.iam.gserviceaccount.com"},
                          {"private_key_id", "key-1"},
                          {"private_key", rsa_key().private_pem},
                          {"token_uri", "https://elsewhere.invalid/token"}}
        .dump();
}

LogCapture::~LogCapture() {
    if (!done_) {
        testing::internal::GetCapturedStderr();
    }
}

std::string LogCapture::text() {
    done_ = true;
    return testing::internal::GetCapturedStderr();
}

void expect_no_secret(const std::string& text) {
    for (const std::string secret : {kClientSecret, kRefreshToken, kAccessToken}) {
        EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
    EXPECT_EQ(text.find("PRIVATE KEY-----"), std::string::npos) << text;
}

}  // namespace gds::auth::test
