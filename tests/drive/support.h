#pragma once

#include "gds/base/cancel.h"
#include "gds/drive/api.h"
#include "gds/http/engine.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gds::drive::testing {

using Json = nlohmann::json;

/// A request as it reached the server.
struct Asked {
    std::string path;
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;  ///< names in lower case

    [[nodiscard]] std::string parameter(const std::string& name) const;
    [[nodiscard]] std::string header(const std::string& name) const;
    /// The first quoted text of `q`: the parent that is listed.
    [[nodiscard]] std::string parent() const;
};

struct Reply {
    int status = 200;
    std::string body = "{}";
    std::string type = "application/json; charset=UTF-8";
    std::multimap<std::string, std::string> headers = {};
    bool cut = false;                  ///< promise more bytes than come, then close
    std::function<void()> first = {};  ///< called before it is sent, beside other requests
};

/// A server on a port of the kernel's choice that answers as `answer` says and remembers what it
/// was asked. `answer` is called under a lock, on the server's threads; `Reply::first` is not.
class ScriptedDrive {
public:
    using Answer = std::function<Reply(const Asked&)>;

    explicit ScriptedDrive(Answer answer);
    ~ScriptedDrive();
    ScriptedDrive(const ScriptedDrive&) = delete;
    ScriptedDrive& operator=(const ScriptedDrive&) = delete;

    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::vector<Asked> asked() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// A server, an engine whose waits are too short to notice, and an Api on them.
struct Fixture {
    explicit Fixture(ScriptedDrive::Answer answer, Corpus corpus = {});

    ScriptedDrive drive;
    Cancel cancel;
    http::Engine engine;
    Api api;
};

/// A File resource as files.list shows it: with just id, name, mimeType and what the kind needs.
Json file(const std::string& id, const std::string& name = "a.txt");
Json folder(const std::string& id, const std::string& name = "folder");
Json shortcut(const std::string& id, const std::string& name, const std::string& target,
              const std::string& target_type = "application/vnd.google-apps.folder");
/// A page of files.list.
Reply page(const std::vector<Json>& files, const std::string& next = "");
/// A refusal in Google's form.
Reply refusal(int status, const std::string& reason, const std::string& message = "No.");
/// The answer to a page token that is no longer good.
Reply token_refused();

MATCHER_P(FailedWith, code, "") {
    if (arg.has_value()) {
        *result_listener << "which succeeded";
        return false;
    }
    *result_listener << code_label(arg.error().code) << ": " << arg.error().message;
    return arg.error().code == code;
}

}  // namespace gds::drive::testing
