#include "support.h"

#include <httplib.h>

#include <algorithm>
#include <cctype>
#include <thread>

namespace gds::drive::testing {

namespace {

http::Options quick_options() {
    http::Options options;
    options.retries = 2;
    options.first_backoff = Millis(1);
    options.retry_max_wait = Millis(2'000);
    options.http2 = false;
    options.max_connections = 4;  // The test server's listen queue holds five.
    options.user_agent = "gdrive-sync test (gzip)";
    return options;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Asked as_asked(const httplib::Request& request) {
    Asked asked;
    asked.path = request.path;
    asked.query.insert(request.params.begin(), request.params.end());
    for (const auto& [name, value] : request.headers) {
        asked.headers.emplace(lower(name), value);
    }
    return asked;
}

void put(const Reply& reply, httplib::Response& response) {
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) {
        response.set_header(name, value);
    }
    if (!reply.cut) {
        response.set_content(reply.body, reply.type);
        return;
    }
    response.set_content_provider(
        reply.body.size() + 100, reply.type,
        [body = reply.body](std::size_t offset, std::size_t, httplib::DataSink& sink) {
            return offset == 0 && sink.write(body.data(), body.size());
        });
}

}  // namespace

std::string Asked::parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? "" : found->second;
}

std::string Asked::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

std::string Asked::parent() const {
    const std::string q = parameter("q");
    const auto start = q.find('\'');
    const auto end = q.find('\'', start + 1);
    return start == std::string::npos ? "" : q.substr(start + 1, end - start - 1);
}

class ScriptedDrive::Impl {
public:
    explicit Impl(Answer answer) : answer_(std::move(answer)) {
        // Kept connections hold a thread each.
        server_.new_task_queue = [] { return new httplib::ThreadPool(48); };
        server_.Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
            const Reply reply = reply_to(as_asked(request));
            if (reply.first) {
                reply.first();
            }
            put(reply, response);
        });
        server_.set_tcp_nodelay(true);
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
    }
    ~Impl() {
        while (!server_.is_running()) {
            std::this_thread::yield();
        }
        server_.stop();
        thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::vector<Asked> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    Reply reply_to(Asked asked) {
        const std::lock_guard lock(mutex_);
        asked_.push_back(std::move(asked));
        return answer_(asked_.back());
    }

    Answer answer_;
    std::mutex mutex_;
    std::vector<Asked> asked_;
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

ScriptedDrive::ScriptedDrive(Answer answer) : impl_(std::make_unique<Impl>(std::move(answer))) {}

ScriptedDrive::~ScriptedDrive() = default;

std::string ScriptedDrive::url() const {
    return "http://127.0.0.1:" + std::to_string(impl_->port());
}

std::vector<Asked> ScriptedDrive::asked() const {
    return impl_->asked();
}

Fixture::Fixture(ScriptedDrive::Answer answer, Corpus corpus)
    : drive(std::move(answer)),
      engine(quick_options(), cancel),
      api(engine, drive.url() + "/", std::move(corpus)) {}

Json file(const std::string& id, const std::string& name) {
    return {{"id", id},
            {"name", name},
            {"size", "12"},
            {"mimeType", "text/plain"},
            {"modifiedTime", "2026-04-19T02:00:00.123Z"}};
}

Json folder(const std::string& id, const std::string& name) {
    return {{"id", id},
            {"name", name},
            {"mimeType", "application/vnd.google-apps.folder"},
            {"modifiedTime", "2026-04-19T02:00:00.000Z"}};
}

Json shortcut(const std::string& id, const std::string& name, const std::string& target,
              const std::string& target_type) {
    return {{"id", id},
            {"name", name},
            {"mimeType", "application/vnd.google-apps.shortcut"},
            {"modifiedTime", "2026-04-19T02:00:00.000Z"},
            {"shortcutDetails", {{"targetId", target}, {"targetMimeType", target_type}}}};
}

Reply page(const std::vector<Json>& files, const std::string& next) {
    Json body = {{"files", files}, {"incompleteSearch", false}};
    if (!next.empty()) {
        body["nextPageToken"] = next;
    }
    return {.body = body.dump()};
}

Reply refusal(int status, const std::string& reason, const std::string& message) {
    const Json detail = {{"domain", "global"}, {"reason", reason}, {"message", message}};
    const Json body = {
        {"error", {{"code", status}, {"message", message}, {"errors", Json::array({detail})}}}};
    return {.status = status, .body = body.dump()};
}

Reply token_refused() {
    const Json detail = {{"domain", "global"},
                         {"reason", "invalid"},
                         {"message", "Invalid Value"},
                         {"location", "pageToken"},
                         {"locationType", "parameter"}};
    const Json body = {
        {"error",
         {{"code", 400}, {"message", "Invalid Value"}, {"errors", Json::array({detail})}}}};
    return {.status = 400, .body = body.dump()};
}

}  // namespace gds::drive::testing
