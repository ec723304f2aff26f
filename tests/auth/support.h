#pragma once

#include "gds/auth/credentials.h"
#include "gds/auth/token_source.h"
#include "gds/base/fd.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gds::auth::test {

// Values that must show up in no message and no log line.
inline constexpr const char* kClientSecret = "client-secret-51c0ffee";
inline constexpr const char* kRefreshToken = "1//refresh-token-0ddba11";
inline constexpr const char* kAccessToken = "ya29.access-token-5eed";

/// A directory of this test's own.
class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::string path(std::string_view name) const;
    /// Writes a file and returns its path.
    [[nodiscard]] std::string write(std::string_view name, std::string_view content) const;

private:
    std::filesystem::path root_;
};

std::string read_file(const std::string& path);

/// The environment as a value.
std::function<std::optional<std::string>(const std::string&)> environment(
    std::map<std::string, std::string> variables);

using Parameters = std::map<std::string, std::string>;

struct Reply {
    int status = 200;
    std::string body;
    std::map<std::string, std::string> headers = {};
};

/// The answer that a grant gets when all is well.
Reply granted(const std::string& token = kAccessToken, int expires_in = 3600,
              const std::string& scope = std::string(kReadonlyScope));
/// An OAuth error as Google words it.
Reply refusal(const std::string& error, const std::string& description = "",
              const std::string& subtype = "");

/// A token endpoint on a real socket, with an answer made for each request.
class TokenServer {
public:
    using Handler = std::function<Reply(const Parameters& form)>;

    explicit TokenServer(Handler handler);
    /// One reply after the other; past the last one the test fails.
    explicit TokenServer(std::vector<Reply> replies);
    ~TokenServer();

    [[nodiscard]] std::string url() const;
    /// The forms that arrived, in order.
    [[nodiscard]] std::vector<Parameters> requests() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A connection to 127.0.0.1 that says nothing.
Fd connect_to(int port);
/// A port that the kernel gave out and nobody holds any more.
int unused_port();

/// Options that do not wait between attempts.
http::Options quick_options();

Credentials refresh_credentials();

/// An RSA key pair, made once.
struct KeyPair {
    std::string private_pem;
    std::string public_pem;
};
const KeyPair& rsa_key();
/// RS256 checked by OpenSSL's own calls.
bool verifies(const std::string& public_pem, std::string_view text, const std::string& signature);
std::string decode_base64url(std::string_view text);
std::string sha256(std::string_view text);

/// Google's JSON of a service account with rsa_key().
std::string service_account_json();

/// Standard error while this lives.
class LogCapture {
public:
    LogCapture() { testing::internal::CaptureStderr(); }
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;
    std::string text();

private:
    bool done_ = false;
};

/// Fails where the text holds any of the secrets above or the key.
void expect_no_secret(const std::string& text);

}  // namespace gds::auth::test
