// Trust, HTTP/2 and proxies.
#include "support.h"
#include "tls_support.h"
#include "web_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace gds::http {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class TlsTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() { certificates = std::make_unique<Certificates>(); }
    static void TearDownTestSuite() { certificates.reset(); }

    TlsTest() {
        // "2 nghttpx" where the client spoke HTTP/2 to the front.
        web.server.Get("/via", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(request.get_header_value("Via"), "text/plain");
        });
        web.server.Get("/large", [](const httplib::Request&, httplib::Response& response) {
            response.set_content(std::string(2'000'000, 'x'), "application/octet-stream");
        });
        web.server.Get("/asked for", [](const httplib::Request& request, auto& response) {
            response.set_content(request.target, "text/plain");
        });
        web.server.Get("/moved", [](const httplib::Request&, httplib::Response& response) {
            response.status = 302;
            response.set_header("Location", "/asked%20for?and=%2Fthen&empty=");
        });
        web.server.Get("/below/moved", [](const httplib::Request&, httplib::Response& response) {
            response.status = 307;
            response.set_header("Location", "../asked for?in=below");
        });
        web.server.Get("/agent", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(std::to_string(request.get_header_value_count("User-Agent")) +
                                     " " + request.get_header_value("User-Agent"),
                                 "text/plain");
        });
        web.server.Post("/login", [](const httplib::Request& request, httplib::Response& response) {
            response.set_content(request.get_header_value("Authorization"), "text/plain");
        });
        web.server.Get("/two", [this](const httplib::Request&, httplib::Response& response) {
            wait_for_two();
            response.set_content("together", "text/plain");
        });
        web.start();
    }

    static void trust_ours(Options& options) { options.ca_cert = certificates->ca(); }

    /// Nobody is answered before two have asked.
    void wait_for_two() {
        std::unique_lock lock(mutex);
        ++asked;
        another.notify_all();
        another.wait_for(lock, Millis(20'000), [this] { return asked >= 2; });
    }

    static std::unique_ptr<Certificates> certificates;
    std::mutex mutex;
    std::condition_variable another;
    int asked = 0;  // of /two
    WebServer web;
};

std::unique_ptr<Certificates> TlsTest::certificates;

TEST_F(TlsTest, AnUnknownAuthorityIsRefusedOnceAndWithARemedy) {
    const TlsFront front(*certificates, web.port());
    Fixture fixture;
    const auto answer = fixture.engine.fetch(get(front.url("/via?key=hunter2")));
    ASSERT_THAT(answer, FailedWith(Code::unavailable));
    EXPECT_THAT(answer.error().message, HasSubstr("https://localhost:"));
    EXPECT_THAT(answer.error().message, HasSubstr("--ca-cert"));
    EXPECT_THAT(fixture.engine.counters().retries, IsEmpty());
}

TEST_F(TlsTest, ExtraTrustIsEnough) {
    const TlsFront front(*certificates, web.port());
    Fixture fixture(trust_ours);
    EXPECT_THAT(fixture.engine.fetch(get(front.url("/via"))), Answered(200));
}

TEST_F(TlsTest, AnotherHostsCertificateIsRefused) {
    const TlsFront front(*certificates, web.port());
    Fixture fixture(trust_ours);
    const std::string url = "https://127.0.0.1:" + std::to_string(front.port()) + "/via";
    const auto answer = fixture.engine.fetch(get(url));
    ASSERT_THAT(answer, FailedWith(Code::unavailable));
    EXPECT_THAT(answer.error().message, HasSubstr("https://127.0.0.1:"));
}

TEST_F(TlsTest, AnUnusableCaFileIsNamed) {
    const std::vector<std::string> files{
        certificates->file("missing", "") + ".not",
        certificates->file("empty.pem", ""),
        certificates->file("garbage.pem", "not a certificate"),
        certificates->file("broken.pem",
                           "-----BEGIN CERTIFICATE-----\nAAAA\n"
                           "-----END CERTIFICATE-----\n"),
        certificates->key(),
    };
    for (const std::string& file : files) {
        Fixture fixture([&](Options& options) { options.ca_cert = file; });
        const auto answer = fixture.engine.fetch(get("https://localhost:1/"));
        ASSERT_THAT(answer, FailedWith(Code::invalid_argument)) << file;
        EXPECT_THAT(answer.error().message, HasSubstr("--ca-cert " + file));
        EXPECT_THAT(fixture.engine.counters().requests, IsEmpty());
    }
}

TEST_F(TlsTest, SpeaksHttp2WhereOfferedAndOnlyWhereWanted) {
    const TlsFront front(*certificates, web.port());
    Fixture modern(trust_ours);
    EXPECT_EQ(modern.engine.fetch(get(front.url("/via")))->body, "2 nghttpx");
    Fixture classic([](Options& options) {
        trust_ours(options);
        options.http2 = false;
    });
    EXPECT_EQ(classic.engine.fetch(get(front.url("/via")))->body, "1.1 nghttpx");
}

TEST_F(TlsTest, SendsPathAndQueryAsTheyStandInTheUrl) {
    const TlsFront front(*certificates, web.port());
    for (const bool http2 : {false, true}) {
        Fixture fixture([&](Options& options) {
            trust_ours(options);
            options.http2 = http2;
        });
        for (const std::string target :
             {"/asked%20for?a=b%20c&d=%2Fe%2F&f=?", "/asked%20for", "/asked%20for?a=b#part"}) {
            const auto answer = fixture.engine.fetch(get(front.url(target)));
            ASSERT_THAT(answer, Answered(200)) << target;
            EXPECT_EQ(answer->body, target.substr(0, target.find('#')));
        }
        // On a handle that an earlier request has used.
        const auto moved = fixture.engine.fetch(get(front.url("/moved?from=here")));
        ASSERT_THAT(moved, Answered(200));
        EXPECT_EQ(moved->body, "/asked%20for?and=%2Fthen&empty=");
    }
}

TEST_F(TlsTest, FollowsALocationThatIsRelativeToPathAndQuery) {
    const TlsFront front(*certificates, web.port());
    Fixture fixture(trust_ours);
    const auto answer = fixture.engine.fetch(get(front.url("/below/moved?from=here")));
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, "/asked%20for?in=below");
    EXPECT_EQ(answer->url, front.url("/asked%20for?in=below"));
}

TEST_F(TlsTest, NamesItselfOnceToServerAndProxyAndNoOther) {
    const ConnectProxy proxy;
    const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
    const TlsFront front(*certificates, web.port());
    const ScopedEnvironment environment("HTTPS_PROXY", address);
    Fixture fixture(trust_ours);
    for (int i = 0; i < 2; ++i) {
        Request request = get(front.url("/agent"));
        request.headers.add("Cookie", "a secret");
        EXPECT_EQ(fixture.engine.fetch(request)->body, "1 http-test");
    }
    EXPECT_EQ(proxy.tunnels(), 1);
    EXPECT_THAT(proxy.asked(), HasSubstr("\r\nUser-Agent: http-test\r\n"));
    EXPECT_THAT(proxy.asked(), Not(HasSubstr("Cookie")));
}

TEST_F(TlsTest, NamesItselfToAProxyHoweverTheSchemeIsSpelled) {
    const ConnectProxy proxy;
    const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
    const TlsFront front(*certificates, web.port());
    const ScopedEnvironment environment("HTTPS_PROXY", address);
    Fixture fixture(trust_ours);
    const std::string url = "HTTPS" + front.url("/agent").substr(5);
    EXPECT_EQ(fixture.engine.fetch(get(url))->body, "1 http-test");
    EXPECT_THAT(proxy.asked(), HasSubstr("\r\nUser-Agent: http-test\r\n"));
}

TEST_F(TlsTest, ALoginThatWasNeverSentIsNotSentElsewhere) {
    const ConnectProxy proxy;
    const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
    const TlsFront front(*certificates, web.port());
    const ScopedEnvironment environment("HTTPS_PROXY", address);
    Fixture fixture([](Options& options) { options.max_connections = 1; });
    const std::string port = std::to_string(front.port());
    const auto refused = fixture.engine.fetch(get("https://u:secret@localhost:" + port + "/via"));
    ASSERT_THAT(refused, FailedWith(Code::unavailable)) << "nobody trusts that certificate";
    Request next = get(web.url("/login"));
    next.method = "POST";
    EXPECT_EQ(fixture.engine.fetch(next)->body, "");
}

TEST_F(TlsTest, AProxyForPlainHttpIsSentTheWholeUrlAndOneName) {
    std::string head;
    const RawServer proxy([&](int client, int) {
        head = read_head(client);
        write_all(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    const ScopedEnvironment environment("http_proxy",
                                        "http://127.0.0.1:" + std::to_string(proxy.port()));
    Fixture fixture;
    const auto answer = fixture.engine.fetch(get("http://h.example/a%20b?c=%2Fd"));
    ASSERT_THAT(answer, Answered(200));
    EXPECT_THAT(head, StartsWith("GET http://h.example/a%20b?c=%2Fd HTTP/1.1\r\n"));
    const std::string agent = "\r\nUser-Agent: ";
    EXPECT_NE(head.find(agent), std::string::npos);
    EXPECT_EQ(head.find(agent), head.rfind(agent));
}

TEST_F(TlsTest, FallsBackWhereTheServerHasNoHttp2) {
    const TlsFront front(*certificates, web.port(), {"--npn-list=http/1.1"});
    Fixture fixture(trust_ours);
    int answered = 0;
    for (int i = 0; i < 10; ++i) {
        fixture.engine.send(get(front.url("/via")), [&](const Result<Response>& result) {
            ASSERT_THAT(result, Answered(200));
            EXPECT_EQ(result->body, "1.1 nghttpx");
            ++answered;
        });
    }
    fixture.engine.run();
    EXPECT_EQ(answered, 10);
}

TEST_F(TlsTest, ManyStreamsShareAConnection) {
    const ConnectProxy proxy;  // counts connections
    const TlsFront front(*certificates, web.port());
    const ScopedEnvironment environment("HTTPS_PROXY",
                                        "http://127.0.0.1:" + std::to_string(proxy.port()));
    Fixture fixture(trust_ours);
    int answered = 0;
    for (int i = 0; i < 40; ++i) {
        fixture.engine.send(get(front.url(i % 4 == 0 ? "/large" : "/via")),
                            [&](const Result<Response>& result) {
                                EXPECT_THAT(result, Answered(200));
                                ++answered;
                            });
    }
    fixture.engine.run();
    EXPECT_EQ(answered, 40);
    EXPECT_EQ(proxy.tunnels(), 1);
}

TEST_F(TlsTest, AnotherConnectionGoesOnWithTheSessionOfAnEarlierOne) {
    const std::string log = certificates->file("access.log", "");
    const TlsFront front(*certificates, web.port(),
                         {"--npn-list=http/1.1", "--accesslog-file=" + log,
                          "--accesslog-format=$tls_session_reused"});
    Fixture fixture(trust_ours);
    EXPECT_THAT(fixture.engine.fetch(get(front.url("/via"))), Answered(200));
    // Neither is answered before both have arrived: one goes over the connection that is open, the
    // other over a new one. No more than that: what opens while this one does would find the
    // session used or not, as it happens (a ticket is for one use, RFC 8446, C.4).
    for (int i = 0; i < 2; ++i) {
        fixture.engine.send(get(front.url("/two")), [](const Result<Response>& result) {
            EXPECT_THAT(result, Answered(200));
        });
    }
    fixture.engine.run();
    std::string reused;
    for (int tries = 0; tries < 500 && reused.size() < 3; ++tries) {
        std::this_thread::sleep_for(Millis(10));
        std::ifstream lines(log);
        reused.clear();
        for (std::string line; std::getline(lines, line);) {
            reused += line;
        }
    }
    std::sort(reused.begin(), reused.end());
    EXPECT_EQ(reused, "..r");
}

/// The cipher suites of a ClientHello (RFC 8446, section 4.1.2), in the client's order.
std::vector<int> offered_suites(const std::string& record) {
    const auto number = [&](std::size_t at, std::size_t bytes) {
        int value = 0;
        for (std::size_t i = at; i < at + bytes && i < record.size(); ++i) {
            value = value * 256 + static_cast<unsigned char>(record[i]);
        }
        return value;
    };
    // Before them: headers of record (5) and message (4), version (2), random (32), session id.
    const std::size_t list = 44 + static_cast<std::size_t>(number(43, 1));
    std::vector<int> suites;
    for (int i = 0; i < number(list, 2) / 2; ++i) {
        suites.push_back(number(list + 2 + 2 * static_cast<std::size_t>(i), 2));
    }
    return suites;
}

std::vector<int> suites_asked_for() {
    std::promise<std::string> hello;
    RawServer server([&](int fd, int connection) {
        std::string bytes(4096, '\0');
        const auto count = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (connection == 0) {
            hello.set_value(bytes.substr(0, static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
        }
    });
    Fixture fixture([](Options& options) { options.retries = 0; });
    EXPECT_FALSE(fixture.engine.fetch(get("https://127.0.0.1:" + std::to_string(server.port()))));
    auto received = hello.get_future();
    const bool came = received.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    return came ? offered_suites(received.get()) : std::vector<int>();
}

TEST_F(TlsTest, AsksForTheCheaperAesFirst) {
    const auto suites = suites_asked_for();
    ASSERT_GE(suites.size(), 3U);
    EXPECT_EQ(suites[0], 0x1301) << "TLS_AES_128_GCM_SHA256";
    EXPECT_THAT(suites, ::testing::IsSupersetOf({0x1302, 0x1303})) << "servers that want others";
}

TEST_F(TlsTest, OffersNoMoreThanTheHostAllows) {
    const auto policy = certificates->file("openssl.cnf",
                                           "openssl_conf = init\n"
                                           "[init]\nssl_conf = ssl\n"
                                           "[ssl]\nsystem_default = system\n"
                                           "[system]\nCiphersuites = TLS_AES_256_GCM_SHA384\n");
    const ScopedEnvironment environment("OPENSSL_CONF", policy);
    // OpenSSL reads it once a process: another one, from its start, has to ask.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            const auto suites = suites_asked_for();
            const bool only = std::count(suites.begin(), suites.end(), 0x1302) == 1 &&
                              std::count(suites.begin(), suites.end(), 0x1301) == 0;
            std::exit(only ? 0 : 1);  // NOLINT(concurrency-mt-unsafe)
        },
        ::testing::ExitedWithCode(0), "");
}

TEST_F(TlsTest, AStreamThatBreaksIsTriedAgain) {
    RawServer backend([](int fd, int connection) {
        if (read_head(fd).empty()) {
            return;
        }
        write_all(fd,
                  connection == 0
                      ? "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"
                      : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole");
    });
    const TlsFront front(*certificates, backend.port());
    Fixture fixture(trust_ours);
    const auto answer = fixture.engine.fetch(get(front.url("/")));
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, "whole");
    EXPECT_EQ(fixture.engine.counters().retries.at("unavailable"), 1);
}

TEST_F(TlsTest, StopsInTheMiddleOfStreams) {
    RawServer backend([](int fd, int) {
        if (!read_head(fd).empty()) {
            write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
            wait_for_close(fd);
        }
    });
    const TlsFront front(*certificates, backend.port());
    Fixture fixture(trust_ours);
    std::vector<std::shared_ptr<Recorder>> recorders;
    for (int i = 0; i < 4; ++i) {
        recorders.push_back(std::make_shared<Recorder>(get(front.url("/"))));
        fixture.engine.start(recorders.back());
    }
    while (recorders.front()->text.empty()) {
        ASSERT_TRUE(fixture.engine.pump(Millis(100)));
    }
    fixture.cancel.stop(StopReason::terminated);
    fixture.engine.run();
    for (const auto& recorder : recorders) {
        EXPECT_THAT(*recorder->answer, FailedWith(Code::cancelled));
        EXPECT_EQ(recorder->dones, 1);
    }
}

TEST_F(TlsTest, GoesThroughTheProxyOfTheEnvironment) {
    const ConnectProxy proxy;
    const TlsFront front(*certificates, web.port());
    const ScopedEnvironment environment("HTTPS_PROXY",
                                        "http://127.0.0.1:" + std::to_string(proxy.port()));
    {
        Fixture fixture(trust_ours);
        EXPECT_THAT(fixture.engine.fetch(get(front.url("/via"))), Answered(200));
        EXPECT_EQ(proxy.tunnels(), 1);
    }
    const ScopedEnvironment exempt("NO_PROXY", "localhost");
    Fixture fixture(trust_ours);
    EXPECT_THAT(fixture.engine.fetch(get(front.url("/via"))), Answered(200));
    EXPECT_EQ(proxy.tunnels(), 1);
}

TEST_F(TlsTest, TrustsAProxysCertificateByTheSameFile) {
    const ConnectProxy proxy;
    const TlsFront proxy_front(*certificates, proxy.port(), {"--http2-proxy"});
    const TlsFront front(*certificates, web.port());
    const ScopedEnvironment environment("HTTPS_PROXY", proxy_front.url(""));
    {
        Fixture fixture(trust_ours);
        EXPECT_THAT(fixture.engine.fetch(get(front.url("/via"))), Answered(200));
        EXPECT_EQ(proxy.tunnels(), 1);
    }
    Fixture distrusting;
    const auto refused = distrusting.engine.fetch(get(front.url("/via")));
    ASSERT_THAT(refused, FailedWith(Code::unavailable));
    EXPECT_THAT(refused.error().message, HasSubstr("--ca-cert"));
}

TEST_F(TlsTest, ARedirectNeverLeavesTls) {
    RawServer backend([this](int fd, int) {
        if (!read_head(fd).empty()) {
            write_all(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
                              web.url("/via") + "\r\n\r\n");
        }
    });
    const TlsFront front(*certificates, backend.port(), {"--no-location-rewrite"});
    Fixture fixture(trust_ours);
    const auto answer = fixture.engine.fetch(get(front.url("/")));
    ASSERT_THAT(answer, FailedWith(Code::bad_response));
    EXPECT_THAT(answer.error().message, HasSubstr("from https to http://127.0.0.1"));
}

}  // namespace
}  // namespace gds::http
