// Requests that work: methods, bodies, kept connections, bounds, callbacks that start more.
#include "gds/http/engine.h"

#include "support.h"
#include "web_server.h"

#include <set>
#include <thread>

namespace gds::http {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Answers with what came: method, path and query, body.
void echo(const httplib::Request& request, httplib::Response& response) {
    response.set_header("X-Method", request.method);
    response.set_header("X-Agent", request.get_header_value("User-Agent"));
    response.set_header("X-Type", request.get_header_value("Content-Type"));
    response.set_header("X-Coding", request.get_header_value("Accept-Encoding"));
    response.set_header("X-Own", request.get_header_value("X-Own"));
    response.set_header("X-Length", request.get_header_value("Content-Length"));
    response.set_content(request.method + " " + request.target + " " + request.body, "text/plain");
}

class EngineTest : public ::testing::Test {
protected:
    EngineTest() {
        auto& server = web.server;
        server.Get("/echo", echo);
        server.Post("/echo", echo);
        server.Put("/echo", echo);
        server.Patch("/echo", echo);
        server.Delete("/echo", echo);
        server.Get("/large", [](const httplib::Request&, httplib::Response& response) {
            response.set_content(std::string(3'000'000, 'x'), "application/octet-stream");
        });
        server.Get("/slow", [](const httplib::Request&, httplib::Response& response) {
            std::this_thread::sleep_for(Millis(400));
            response.set_content("at last", "text/plain");
        });
        server.Get("/port", [this](const httplib::Request& request, httplib::Response& response) {
            const std::lock_guard lock(mutex);
            ports.insert(request.remote_port);
            response.set_content("ok", "text/plain");
        });
        web.start();
    }

    Request request_of(const std::string& method, std::string body = "") {
        Request request = get(web.url("/echo?a=1"));
        request.method = method;
        request.body = std::move(body);
        return request;
    }

    WebServer web;
    std::mutex mutex;
    std::set<int> ports;
};

TEST_F(EngineTest, GivesStatusHeadersBodyAndUrl) {
    Fixture fixture;
    Request request = request_of("GET");
    request.headers.add("X-Own", "mine");
    request.headers.add("X-Empty", "");
    const auto answer = fixture.engine.fetch(request);
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, "GET /echo?a=1 ");
    EXPECT_EQ(answer->headers.get("x-own"), "mine");
    EXPECT_EQ(answer->headers.get("X-Agent"), "http-test");
    EXPECT_EQ(answer->url, request.url);
    EXPECT_EQ(fixture.engine.pending(), 0U);
}

TEST_F(EngineTest, ARequestLeavesNothingToTheNextOneOnItsHandle) {
    Fixture fixture([](Options& options) { options.max_connections = 1; });
    const auto special = [&](const std::string& method, const std::string& body) {
        Request request = request_of(method, body);
        request.headers.add("X-Own", "mine");
        request.time_limit = Millis(60'000);
        request.compressed = true;
        return request;
    };
    for (const Request& before :
         {special("POST", "the body"), special("DELETE", ""), special("HEAD", ""),
          special("PATCH", "x"), request_of("HEAD"), request_of("PUT"), request_of("GET")}) {
        EXPECT_THAT(fixture.engine.fetch(before), Answered(200)) << before.method;
        const auto answer = fixture.engine.fetch(get(web.url("/echo?after")));
        ASSERT_THAT(answer, Answered(200)) << before.method;
        EXPECT_EQ(answer->body, "GET /echo?after ") << before.method;
        for (const char* field : {"X-Own", "X-Type", "X-Length", "X-Coding"}) {
            EXPECT_EQ(answer->headers.get(field), "") << before.method << field;
        }
        EXPECT_EQ(answer->headers.get("X-Agent"), "http-test");
    }
}

TEST_F(EngineTest, ADeadConnectionIsNoFailureHoweverManyThereHaveBeen) {
    // Each connection answers once, and closes when it is asked again.
    const RawServer server([](int client, int) {
        read_head(client);
        write_all(client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        read_head(client);
    });
    Fixture fixture([](Options& options) {
        options.max_connections = 1;
        options.retries = 0;
    });
    for (int i = 0; i < 20; ++i) {
        EXPECT_THAT(fixture.engine.fetch(get(server.url())), Answered(200)) << i;
    }
    EXPECT_EQ(server.connections(), 20);
}

TEST_F(EngineTest, ATimeLimitIsOfItsOwnRequestAlone) {
    Fixture fixture([](Options& options) {
        options.max_connections = 1;
        options.retries = 0;
    });
    Request hasty = get(web.url("/slow"));
    hasty.time_limit = Millis(100);
    EXPECT_THAT(fixture.engine.fetch(hasty), FailedWith(Code::timeout));
    EXPECT_THAT(fixture.engine.fetch(get(web.url("/slow"))), Answered(200));
}

TEST_F(EngineTest, SendsBodiesWithEveryMethod) {
    Fixture fixture;
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        const auto answer = fixture.engine.fetch(request_of(method, "the body"));
        ASSERT_THAT(answer, Answered(200)) << method;
        EXPECT_EQ(answer->body, std::string(method) + " /echo?a=1 the body");
        EXPECT_EQ(answer->headers.get("X-Type"), "") << "a type that nobody gave";
    }
}

TEST_F(EngineTest, SendsEmptyBodiesWithTheirLength) {
    Fixture fixture;
    for (const char* method : {"POST", "PUT"}) {
        const auto answer = fixture.engine.fetch(request_of(method));
        ASSERT_THAT(answer, Answered(200)) << method;
        EXPECT_EQ(answer->headers.get("X-Length"), "0") << method;
    }
    EXPECT_THAT(fixture.engine.fetch(request_of("DELETE")), Answered(200));
}

TEST_F(EngineTest, SendsLargeBodiesWithoutWaiting) {
    web.server.Post("/size", [](const httplib::Request& request, httplib::Response& response) {
        response.set_content(
            std::to_string(request.body.size()) + request.get_header_value("Expect"), "text/plain");
    });
    Fixture fixture;
    Request request = get(web.url("/size"));
    request.method = "POST";
    request.body.assign(2 << 20, 'b');
    request.headers.add("Content-Type", "application/octet-stream");
    const auto answer = fixture.engine.fetch(request);
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, std::to_string(2 << 20));
}

TEST_F(EngineTest, HeadHasHeadersAndNoBody) {
    Fixture fixture;
    Request request = get(web.url("/large"));
    request.method = "HEAD";
    const auto answer = fixture.engine.fetch(request);
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->headers.get("Content-Length"), "3000000");
    EXPECT_THAT(answer->body, IsEmpty());
}

TEST_F(EngineTest, StreamsToTheExchange) {
    Fixture fixture;
    const auto recorder = std::make_shared<Recorder>(get(web.url("/large")));
    fixture.engine.start(recorder);
    fixture.engine.run();
    ASSERT_THAT(*recorder->answer, Answered(200));
    EXPECT_EQ(recorder->text, std::string(3'000'000, 'x'));
    EXPECT_THAT((*recorder->answer)->body, IsEmpty());
    EXPECT_THAT(recorder->heads, ::testing::ElementsAre(200));
    EXPECT_EQ(recorder->ends, 1);
    EXPECT_EQ(recorder->dones, 1);
    EXPECT_EQ(fixture.engine.counters().body_bytes, 3'000'000);
}

TEST_F(EngineTest, KeepsConnectionsOpenForTheNextRequest) {
    Fixture fixture;
    for (int i = 0; i < 5; ++i) {
        ASSERT_THAT(fixture.engine.fetch(get(web.url("/port"))), Answered(200));
    }
    EXPECT_EQ(ports.size(), 1U);
}

TEST_F(EngineTest, RunsNoMoreThanItsConnectionsAtOnce) {
    Fixture fixture([](Options& options) { options.max_connections = 3; });
    int answered = 0;
    for (int i = 0; i < 60; ++i) {
        fixture.engine.send(get(web.url("/port")), [&](const Result<Response>& result) {
            answered += result.has_value() ? 1 : 0;
        });
    }
    EXPECT_EQ(fixture.engine.pending(), 60U);
    fixture.engine.run();
    EXPECT_EQ(answered, 60);
    EXPECT_LE(ports.size(), 3U);
}

TEST_F(EngineTest, CountsAttemptsByLabelAndAnswersByStatus) {
    Fixture fixture;
    Request request = get(web.url("/echo"));
    request.label = "files.list";
    ASSERT_THAT(fixture.engine.fetch(request), Answered(200));
    ASSERT_THAT(fixture.engine.fetch(request), Answered(200));
    ASSERT_THAT(fixture.engine.fetch(get(web.url("/none"))), FailedWith(Code::not_found));
    const Counters& counters = fixture.engine.counters();
    EXPECT_EQ(counters.requests,
              (std::map<std::string, std::int64_t, std::less<>>{{"files.list", 2}, {"other", 1}}));
    EXPECT_EQ(counters.statuses, (std::map<int, std::int64_t>{{200, 2}, {404, 1}}));
    EXPECT_THAT(counters.retries, IsEmpty());
}

TEST_F(EngineTest, SaysWhatAndWhereWithoutTheQuery) {
    Fixture fixture;
    const auto answer = fixture.engine.fetch(get(web.url("/none?key=hunter2")));
    ASSERT_THAT(answer, FailedWith(Code::not_found));
    EXPECT_EQ(answer.error().message, "GET " + web.url("/none") + ": 404 Not Found");
    EXPECT_EQ(answer.error().http_status, 404);
}

TEST_F(EngineTest, RefusesAnAnswerLongerThanItsBound) {
    Fixture fixture;
    Request request = get(web.url("/large"));
    request.max_body = 3'000'000;
    EXPECT_THAT(fixture.engine.fetch(request), Answered(200));
    request.max_body = 2'999'999;
    const auto answer = fixture.engine.fetch(request);
    ASSERT_THAT(answer, FailedWith(Code::bad_response));
    EXPECT_THAT(answer.error().message, HasSubstr("longer than"));
    EXPECT_THAT(fixture.engine.counters().retries, IsEmpty());
}

TEST_F(EngineTest, BoundsTheDecodedBodyOfACompressedAnswer) {
    web.server.Get("/zip", [](const httplib::Request& request, httplib::Response& response) {
        response.set_header("X-Accept", request.get_header_value("Accept-Encoding"));
        response.set_content(std::string(5'000'000, 'z'), "text/plain");
    });
    Fixture fixture;
    Request request = get(web.url("/zip"));
    const auto plain = fixture.engine.fetch(request);
    ASSERT_THAT(plain, Answered(200));
    EXPECT_EQ(plain->headers.get("X-Accept"), "");
    request.compressed = true;
    const auto decoded = fixture.engine.fetch(request);
    ASSERT_THAT(decoded, Answered(200));
    EXPECT_EQ(decoded->headers.get("Content-Encoding"), "gzip");
    EXPECT_EQ(decoded->body, std::string(5'000'000, 'z'));
    request.max_body = 4'000'000;
    EXPECT_THAT(fixture.engine.fetch(request), FailedWith(Code::bad_response));
}

TEST_F(EngineTest, RefusesWhatCannotBeSent) {
    Fixture fixture;
    EXPECT_THAT(fixture.engine.fetch(get("ftp://127.0.0.1/")), FailedWith(Code::invalid_argument));
    EXPECT_THAT(fixture.engine.fetch(get("")), FailedWith(Code::invalid_argument));
    Request smuggled = get(web.url("/echo"));
    smuggled.headers.add("X-Own", "a\r\nX-Other: b");
    EXPECT_THAT(fixture.engine.fetch(smuggled), FailedWith(Code::invalid_argument));
}

TEST_F(EngineTest, LetsTheClassifierRefuseASuccessByItsBody) {
    Fixture fixture([](Options& options) { options.retries = 0; });
    Request request = get(web.url("/echo"));
    request.classify = [](const Response& response) -> std::optional<Error> {
        Error refused = error(Code::bad_response, "not what was asked for: " + response.body);
        refused.reason = "html";
        return refused;
    };
    const auto answer = fixture.engine.fetch(request);
    ASSERT_THAT(answer, FailedWith(Code::bad_response));
    EXPECT_EQ(answer.error().message,
              "GET " + web.url("/echo") + ": 200 OK (html): not what was asked for: GET /echo ");
}

TEST_F(EngineTest, LetsTheClassifierRefuseAStreamByItsHead) {
    Fixture fixture([](Options& options) { options.retries = 0; });
    auto recorder = std::make_shared<Recorder>(get(web.url("/large")));
    recorder->wanted.classify = [](const Response& response) -> std::optional<Error> {
        return error(Code::mismatch,
                     "length " + std::string(*response.headers.get("Content-Length")));
    };
    fixture.engine.start(recorder);
    fixture.engine.run();
    ASSERT_THAT(*recorder->answer, FailedWith(Code::mismatch));
    EXPECT_THAT(recorder->answer->error().message, HasSubstr("length 3000000"));
    EXPECT_THAT(recorder->text, IsEmpty());
    EXPECT_THAT(recorder->heads, IsEmpty());
}

TEST_F(EngineTest, AcceptsAnErrorStatusWhereTheClassifierDoes) {
    Fixture fixture;
    Request request = get(web.url("/none"));
    request.classify = [](const Response&) -> std::optional<Error> { return std::nullopt; };
    EXPECT_THAT(fixture.engine.fetch(request), Answered(404));
}

TEST_F(EngineTest, KeepsAnErrorsBodyFromTheExchangeButShowsItsBeginningToTheClassifier) {
    web.server.Get("/refused", [](const httplib::Request&, httplib::Response& response) {
        response.status = 403;
        response.set_content(std::string(1'000'000, 'e'), "text/plain");
    });
    Fixture fixture;
    auto recorder = std::make_shared<Recorder>(get(web.url("/refused")));
    std::size_t shown = 0;
    recorder->wanted.classify = [&](const Response& response) {
        shown = response.body.size();
        return classify_by_status(response);
    };
    fixture.engine.start(recorder);
    fixture.engine.run();
    EXPECT_THAT(*recorder->answer, FailedWith(Code::permission_denied));
    EXPECT_EQ(shown, 64U * 1024);
    EXPECT_THAT(recorder->text, IsEmpty());
}

TEST_F(EngineTest, CallbacksMayStartMore) {
    Fixture fixture([](Options& options) { options.max_connections = 2; });
    int answered = 0;
    std::function<void(int)> chain = [&](int left) {
        fixture.engine.send(get(web.url("/echo")), [&, left](const Result<Response>& result) {
            ASSERT_THAT(result, Answered(200));
            ++answered;
            if (left > 1) {
                chain(left - 1);
            }
        });
    };
    chain(5);
    /// Starts another exchange from inside curl's write callback.
    class Starter : public Recorder {
    public:
        Starter(Request request, std::function<void()> more)
            : Recorder(std::move(request)), more_(std::move(more)) {}
        Status body(std::string_view bytes) override {
            if (text.empty()) {
                more_();
            }
            return Recorder::body(bytes);
        }

    private:
        std::function<void()> more_;
    };
    fixture.engine.start(std::make_shared<Starter>(get(web.url("/echo")), [&] { chain(3); }));
    fixture.engine.run();
    EXPECT_EQ(answered, 8);
}

TEST_F(EngineTest, RefusesToBlockInsideACallback) {
    Fixture fixture;
    std::optional<Result<Response>> inner;
    class Blocker : public Recorder {
    public:
        Blocker(Request request, Engine& engine, std::optional<Result<Response>>& inner)
            : Recorder(std::move(request)), engine_(engine), inner_(inner) {}
        Status head(const Response&) override {
            inner_ = engine_.fetch(wanted);
            return {};
        }

    private:
        Engine& engine_;
        std::optional<Result<Response>>& inner_;
    };
    fixture.engine.start(std::make_shared<Blocker>(get(web.url("/echo")), fixture.engine, inner));
    fixture.engine.run();
    EXPECT_THAT(*inner, FailedWith(Code::internal));
}

TEST_F(EngineTest, FetchLetsTheOthersGoOn) {
    Fixture fixture([](Options& options) { options.max_connections = 1; });
    int answered = 0;
    for (int i = 0; i < 3; ++i) {
        fixture.engine.send(get(web.url("/port")), [&](const Result<Response>&) { ++answered; });
    }
    EXPECT_THAT(fixture.engine.fetch(get(web.url("/echo"))), Answered(200));
    EXPECT_EQ(answered, 3);
}

TEST_F(EngineTest, AFailingRequestOfTheExchangeEndsIt) {
    class Unable : public Recorder {
    public:
        using Recorder::Recorder;
        Result<Request> request() override { return error(Code::disk_full, "no room"); }
    };
    Fixture fixture;
    auto unable = std::make_shared<Unable>(Request{});
    fixture.engine.start(unable);
    fixture.engine.run();
    EXPECT_THAT(*unable->answer, FailedWith(Code::disk_full));
    EXPECT_EQ(unable->dones, 1);
}

TEST_F(EngineTest, AnErrorOfTheBodyIsTheAnswer) {
    class Full : public Recorder {
    public:
        using Recorder::Recorder;
        Status body(std::string_view) override { return error(Code::disk_full, "no room"); }
    };
    Fixture fixture;
    auto full = std::make_shared<Full>(get(web.url("/large")));
    fixture.engine.start(full);
    fixture.engine.run();
    ASSERT_THAT(*full->answer, FailedWith(Code::disk_full));
    EXPECT_EQ(full->answer->error().message, "GET " + web.url("/large") + ": no room");
    EXPECT_EQ(full->attempts, 1);
}

TEST_F(EngineTest, AnExceptionOfACallbackStaysOutOfCurl) {
    class Thrower : public Recorder {
    public:
        using Recorder::Recorder;
        Status body(std::string_view) override { throw std::runtime_error("a bug"); }
    };
    Fixture fixture;
    auto thrower = std::make_shared<Thrower>(get(web.url("/large")));
    fixture.engine.start(thrower);
    fixture.engine.run();
    EXPECT_THAT(*thrower->answer, FailedWith(Code::internal));
}

TEST_F(EngineTest, KeepsToItsRateOfRequests) {
    Fixture fixture([](Options& options) { options.requests_per_second = 20; });
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 7; ++i) {
        fixture.engine.send(get(web.url("/echo")), [](const Result<Response>&) {});
    }
    fixture.engine.run();
    // Two from the full bucket, then one each 50 ms. No upper bound: the machine may be slow.
    EXPECT_GE(std::chrono::steady_clock::now() - begun, Millis(250));
}

TEST_F(EngineTest, KeepsToWhatItMaySpend) {
    Fixture fixture([](Options& options) {
        options.max_cost = 20;
        options.cost_span = Millis(300);
    });
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 7; ++i) {
        Request request = get(web.url("/echo"));
        request.cost = 10;
        fixture.engine.send(std::move(request), [](const Result<Response>&) {});
    }
    fixture.engine.run();
    EXPECT_EQ(fixture.engine.counters().cost, 70);
    // Two at once, and two more in each of three spans.
    EXPECT_GE(std::chrono::steady_clock::now() - begun, Millis(900));
}

TEST_F(EngineTest, MaySpendMoreUntilItIsLimited) {
    Fixture fixture([](Options& options) {
        options.max_cost = 20;
        options.cost_span = std::chrono::hours(1);
        options.max_cost_once_limited = true;
    });
    for (int i = 0; i < 7; ++i) {
        Request request = get(web.url("/echo"));
        request.cost = 10;
        fixture.engine.send(std::move(request), [](const Result<Response>& result) {
            EXPECT_THAT(result, Answered(200));
        });
    }
    fixture.engine.run();
    EXPECT_EQ(fixture.engine.counters().cost, 70);
}

TEST_F(EngineTest, KeepsToWhatItMaySpendOnceLimited) {
    Fixture fixture([](Options& options) {
        options.max_cost = 20;
        options.cost_span = Millis(300);
        options.max_cost_once_limited = true;
        options.first_backoff = Millis(1);
    });
    std::atomic<int> asked = 0;
    web.server.Get("/limited", [&](const httplib::Request&, httplib::Response& response) {
        response.status = ++asked == 1 ? 429 : 200;
    });
    Request limited = get(web.url("/limited"));
    limited.cost = 10;
    EXPECT_THAT(fixture.engine.fetch(limited), Answered(200));
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 6; ++i) {
        Request request = get(web.url("/echo"));
        request.cost = 10;
        fixture.engine.send(std::move(request), [](const Result<Response>&) {});
    }
    fixture.engine.run();
    // The second attempt is the last that was allowed; two more in each of three spans.
    EXPECT_GE(std::chrono::steady_clock::now() - begun, Millis(700));
}

TEST_F(EngineTest, EachAttemptCosts) {
    Fixture fixture([](Options& options) {
        options.retries = 2;
        options.first_backoff = Millis(1);
    });
    web.server.Get("/down", [](const httplib::Request&, httplib::Response& response) {
        response.status = 503;
    });
    Request request = get(web.url("/down"));
    request.cost = 100;
    EXPECT_THAT(fixture.engine.fetch(request), FailedWith(Code::unavailable));
    EXPECT_EQ(fixture.engine.counters().cost, 300);
}

TEST_F(EngineTest, KeepsToItsBandwidth) {
    Fixture fixture([](Options& options) { options.bytes_per_second = 2'000'000; });
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 2; ++i) {
        fixture.engine.send(get(web.url("/large")), [](const Result<Response>& result) {
            EXPECT_THAT(result, Answered(200));
        });
    }
    fixture.engine.run();
    EXPECT_GE(std::chrono::steady_clock::now() - begun, Millis(1000));
}

TEST_F(EngineTest, DestroyedWithWorkPendingItCallsNobody) {
    const auto queued = std::make_shared<Recorder>(get(web.url("/large")));
    const auto active = std::make_shared<Recorder>(get(web.url("/large")));
    {
        Fixture fixture([](Options& options) { options.max_connections = 1; });
        fixture.engine.start(active);
        fixture.engine.start(queued);
        EXPECT_TRUE(fixture.engine.pump(Millis(0)));
        EXPECT_EQ(fixture.engine.pending(), 2U);
    }
    EXPECT_EQ(active->attempts, 1);
    EXPECT_EQ(queued->attempts, 0);
    EXPECT_EQ(active->dones + queued->dones, 0);
}

TEST_F(EngineTest, AnEngineWithoutWorkDoesNotWait) {
    Fixture fixture;
    EXPECT_FALSE(fixture.engine.pump(std::chrono::hours(1)));
}

TEST_F(EngineTest, WakeEndsAWait) {
    RawServer silent([](int fd, int) { wait_for_close(fd); });
    Fixture fixture;
    const auto recorder = std::make_shared<Recorder>(get(silent.url()));
    fixture.engine.start(recorder);
    std::atomic<bool> awake{false};
    std::thread waker([&] {
        while (!awake) {
            fixture.engine.wake();
            std::this_thread::yield();
        }
    });
    // Without the wake this would sit out its hour, and the test its time limit.
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(fixture.engine.pump(std::chrono::hours(1)));
    }
    awake = true;
    waker.join();
    EXPECT_EQ(recorder->dones, 0);
}

}  // namespace
}  // namespace gds::http
