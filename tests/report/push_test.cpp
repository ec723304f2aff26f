#include "child_process.h"
#include "gds/base/text.h"
#include "gds/report/exposition.h"
#include "gds/report/metrics.h"
#include "samples.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <thread>

namespace gds::report {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(PushUrl, GroupsByJobAndInstance) {
    EXPECT_EQ(push_url("http://gw:9091", "gdrive-sync", "abc"),
              "http://gw:9091/metrics/job/gdrive-sync/instance/abc");
    EXPECT_EQ(push_url("http://gw/prefix//", "j", "a b"),
              "http://gw/prefix/metrics/job/j/instance/a%20b");
}

TEST(PushUrl, EncodesWhatAPathCannotHold) {
    EXPECT_EQ(push_url("http://gw", "j", "claude/files"),
              "http://gw/metrics/job/j/instance@base64/Y2xhdWRlL2ZpbGVz");
    EXPECT_EQ(push_url("http://gw", "j", "a/b?"),
              "http://gw/metrics/job/j/instance@base64/YS9iPw==");
    EXPECT_EQ(push_url("http://gw", "j", "/\xff\xff"),
              "http://gw/metrics/job/j/instance@base64/L___");
    EXPECT_EQ(push_url("http://gw", "j", ""), "http://gw/metrics/job/j/instance@base64/=");
}

/// The real thing, on a port of its own.
class Pushgateway {
public:
    Pushgateway()
        : process_(
              {"prometheus-pushgateway", "--web.listen-address=127.0.0.1:0", "--persistence.file="},
              STDERR_FILENO) {
        static constexpr std::string_view kListening = "msg=\"Listening on\" address=";
        for (std::string line = process_.read_line(); !line.empty(); line = process_.read_line()) {
            if (const auto at = line.find(kListening); at != std::string::npos) {
                address_ = trim(std::string_view(line).substr(at + kListening.size()));
                return;
            }
        }
    }

    [[nodiscard]] std::string url() const { return "http://" + address_; }
    [[nodiscard]] std::string metrics() const {
        const auto answer = httplib::Client(url()).Get("/metrics");
        return answer ? answer->body : "no answer";
    }

private:
    testing::ChildProcess process_;
    std::string address_;
};

TEST(Push, ReachesAPushgateway) {
    const Pushgateway gateway;
    const auto pushed = push_exposition({gateway.url(), "gdrive-sync", "claude/files"},
                                        metrics_text(testing::sample_run()));
    ASSERT_TRUE(pushed) << pushed.error().message;
    EXPECT_THAT(gateway.metrics(),
                HasSubstr("gdrive_sync_files{destination=\"/srv/mirror\",instance=\"claude/files\","
                          "job=\"gdrive-sync\",source=\"claude/files\"} 1210\n"));
}

TEST(Push, DeletesOneGroup) {
    const Pushgateway gateway;
    const PushTarget kept{gateway.url(), "gdrive-sync", "id"};
    const PushTarget old{gateway.url(), "gdrive-sync", "claude/files"};
    for (const PushTarget& target : {kept, old}) {
        ASSERT_TRUE(push_exposition(target, metrics_text(testing::sample_run())));
    }
    for (int times = 0; times < 2; ++times) {
        const Status deleted = delete_push(old);
        ASSERT_TRUE(deleted) << deleted.error().message;
        EXPECT_THAT(gateway.metrics(), HasSubstr("instance=\"id\""));
        EXPECT_THAT(gateway.metrics(), Not(HasSubstr("instance=\"claude/files\"")));
    }
}

TEST(Push, KeepsALastSuccessThatTheRunDoesNotKnow) {
    const Pushgateway gateway;
    const PushTarget target{gateway.url(), "gdrive-sync", ""};
    ASSERT_TRUE(push_exposition(target, metrics_text(testing::sample_run())));
    ASSERT_TRUE(push_exposition(target, metrics_text(testing::withheld_run())));
    const std::string metrics = gateway.metrics();
    EXPECT_THAT(metrics,
                ContainsRegex("gdrive_sync_last_success_timestamp_seconds\\{.*\\} 1\\.77"));
    EXPECT_THAT(metrics, ContainsRegex("gdrive_sync_last_run_exit_code\\{.*\\} 4\n"));
}

/// A gateway that answers with one status and remembers what it was asked.
class AnsweringServer {
public:
    explicit AnsweringServer(int status) {
        server_.Post(".*",
                     [this, status](const httplib::Request& request, httplib::Response& answer) {
                         request_ = request;
                         answer.status = status;
                     });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        // The socket listens already; this is so that stop() meets a server that runs.
        while (!server_.is_running()) {
            std::this_thread::yield();
        }
    }
    ~AnsweringServer() { stop(); }
    AnsweringServer(const AnsweringServer&) = delete;
    AnsweringServer& operator=(const AnsweringServer&) = delete;

    [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
    /// What was asked last; nothing is asked any more afterwards.
    const httplib::Request& request() {
        stop();
        return request_;
    }

private:
    void stop() {
        server_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    httplib::Server server_;
    httplib::Request request_;
    int port_ = 0;
    std::thread thread_;
};

TEST(Push, SendsUserinfoAsBasicAuthentication) {
    AnsweringServer server(202);
    ASSERT_TRUE(push_exposition({"http://pusher:s%40crt:x@" + server.host(), "j", "i"}, "a 1\n"));
    const httplib::Request& request = server.request();
    EXPECT_EQ(request.get_header_value("Authorization"), "Basic cHVzaGVyOnNAY3J0Ong=");
    EXPECT_THAT(request.get_header_value("Content-Type"),
                ::testing::StartsWith("text/plain; version=0.0.4"));
    EXPECT_EQ(request.path, "/metrics/job/j/instance/i");
    EXPECT_EQ(request.body, "a 1\n");
}

TEST(Push, SendsNoCredentialsWithoutUserinfo) {
    AnsweringServer server(200);
    ASSERT_TRUE(push_exposition({"http://" + server.host() + "/at@home", "j", "i"}, "a 1\n"));
    EXPECT_FALSE(server.request().has_header("Authorization"));
}

TEST(Push, SaysWhereItFailedWithoutThePassword) {
    AnsweringServer server(400);
    const auto pushed =
        push_exposition({"http://pusher:hunter2@" + server.host(), "j", "i"}, "a 1\n");
    ASSERT_FALSE(pushed);
    EXPECT_THAT(pushed.error().message, HasSubstr(server.host()));
    EXPECT_THAT(pushed.error().message, Not(HasSubstr("hunter2")));
    EXPECT_EQ(pushed.error().http_status, 400);
}

TEST(Push, GivesUpOnAGatewayThatIsNotThere) {
    std::string host;
    { host = AnsweringServer(200).host(); }
    const auto pushed = push_exposition({"http://" + host, "j", "i"}, "a 1\n");
    ASSERT_FALSE(pushed);
    EXPECT_EQ(pushed.error().code, Code::unavailable);
}

}  // namespace
}  // namespace gds::report
