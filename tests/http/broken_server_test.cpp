// Servers that break off, stall, lie or talk nonsense.
#include "gds/http/engine.h"
#include "support.h"

namespace gds::http {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kWhole =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole";

/// Breaks as `broken` says on the first connection, and answers properly on all others.
RawServer::Serve at_first(const std::function<void(int fd)>& broken) {
    return [broken](int fd, int connection) {
        if (read_head(fd).empty()) {
            return;
        }
        if (connection == 0) {
            broken(fd);
        } else {
            write_all(fd, kWhole);
        }
    };
}

struct Ugly {
    const char* name;
    std::function<void(int fd)> serve;
    Code code;
};

std::vector<Ugly> ugly_servers() {
    return {
        {"closes without a word", [](int) {}, Code::unavailable},
        {"resets", [](int fd) { reset_on_close(fd); }, Code::unavailable},
        {"ends within the head", [](int fd) { write_all(fd, "HTTP/1.1 200 OK\r\nContent-Le"); },
         Code::unavailable},
        {"promises more than it sends",
         [](int fd) { write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"); },
         Code::unavailable},
        {"resets within the body",
         [](int fd) {
             write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
             reset_on_close(fd);
         },
         Code::unavailable},
        {"ends before the last chunk",
         [](int fd) {
             write_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n");
         },
         Code::unavailable},
        {"sends a chunk size that is none",
         [](int fd) {
             write_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbad\r\n");
         },
         Code::unavailable},
        {"is no web server", [](int fd) { write_all(fd, "220 mail.example ESMTP ready\r\n"); },
         Code::bad_response},
        {"sends gzip that is none",
         [](int fd) {
             write_all(fd,
                       "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                       "Content-Length: 7\r\n\r\nnotgzip");
         },
         Code::bad_response},
        {"never ends its head",
         [](int fd) {
             write_all(fd, "HTTP/1.1 200 OK\r\n");
             for (int i = 0; i < 20; ++i) {
                 write_all(fd, "X-Pad: " + std::string(30'000, 'x') + "\r\n");
             }
             write_all(fd, "\r\n");
         },
         Code::bad_response},
    };
}

TEST(BrokenServer, EveryBreakHasItsCode) {
    for (const Ugly& ugly : ugly_servers()) {
        RawServer server(at_first(ugly.serve));
        Fixture fixture([](Options& options) { options.retries = 0; });
        Request request = get(server.url("/x?key=hunter2"));
        request.compressed = true;
        const auto answer = fixture.engine.fetch(request);
        EXPECT_THAT(answer, FailedWith(ugly.code)) << ugly.name;
        if (!answer) {
            EXPECT_THAT(answer.error().message, HasSubstr("GET " + server.url("/x") + ": "));
            EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2")));
        }
    }
}

TEST(BrokenServer, EveryBreakIsTriedAgain) {
    for (const Ugly& ugly : ugly_servers()) {
        RawServer server(at_first(ugly.serve));
        Fixture fixture;
        Request request = get(server.url());
        request.compressed = true;
        const auto answer = fixture.engine.fetch(request);
        ASSERT_THAT(answer, Answered(200)) << ugly.name;
        EXPECT_EQ(answer->body, "whole") << ugly.name;
        EXPECT_EQ(fixture.engine.counters().retries.size(), 1U) << ugly.name;
    }
}

TEST(BrokenServer, AStreamSeesTheBreakAndStartsAnew) {
    RawServer server(at_first(
        [](int fd) { write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"); }));
    Fixture fixture;
    const auto recorder = std::make_shared<Recorder>(get(server.url()));
    fixture.engine.start(recorder);
    fixture.engine.run();
    EXPECT_THAT(*recorder->answer, Answered(200));
    EXPECT_EQ(recorder->text, "partwhole");
    EXPECT_EQ(recorder->attempts, 2);
    EXPECT_EQ(recorder->ends, 1) << "a short body must not count as whole";
}

TEST(BrokenServer, ASilentOneIsATimeout) {
    RawServer server(at_first(wait_for_close));
    Fixture fixture([](Options& options) { options.timeout = Millis(900); });
    ASSERT_THAT(fixture.engine.fetch(get(server.url())), Answered(200));
    EXPECT_EQ(fixture.engine.counters().retries.at("timeout"), 1);
}

TEST(BrokenServer, ABodyThatStallsIsATimeout) {
    RawServer server(at_first([](int fd) {
        write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        wait_for_close(fd);
    }));
    Fixture fixture([](Options& options) { options.timeout = Millis(900); });
    ASSERT_THAT(fixture.engine.fetch(get(server.url())), Answered(200));
    EXPECT_EQ(fixture.engine.counters().retries.at("timeout"), 1);
}

/// Bytes one by one.
RawServer::Serve dripping(int count, Millis each) {
    return [count, each](int fd, int) {
        if (!read_head(fd).empty()) {
            write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(count) +
                              "\r\nConnection: close\r\n\r\n");
            for (int i = 0; i < count; ++i) {
                std::this_thread::sleep_for(each);
                write_all(fd, "x");
            }
        }
    };
}

TEST(BrokenServer, ABodyThatDripsIsNoTimeout) {
    RawServer server(dripping(300, Millis(5)));
    Fixture fixture([](Options& options) {
        options.timeout = Millis(1000);
        options.retries = 0;
    });
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), Answered(200));
}

TEST(BrokenServer, ABodyThatWouldTakeForEverIsATimeout) {
    RawServer server(dripping(16, Millis(250)));
    Fixture fixture([](Options& options) {
        options.timeout = Millis(1000);
        options.retries = 0;
    });
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), FailedWith(Code::timeout));
}

TEST(BrokenServer, NobodyListeningIsUnavailable) {
    int port = 0;
    {
        const Listener gone;
        port = gone.port();
    }
    Fixture fixture([](Options& options) { options.retries = 2; });
    const auto answer = fixture.engine.fetch(get("http://127.0.0.1:" + std::to_string(port)));
    ASSERT_THAT(answer, FailedWith(Code::unavailable));
    EXPECT_THAT(answer.error().message, HasSubstr("(after 3 attempts)"));
}

TEST(BrokenServer, ANameThatDoesNotResolveIsUnavailable) {
    Fixture fixture([](Options& options) { options.retries = 0; });
    const auto answer = fixture.engine.fetch(get("http://no-such-host.invalid/"));
    ASSERT_THAT(answer, FailedWith(Code::unavailable));
    EXPECT_THAT(answer.error().message, HasSubstr("no-such-host.invalid"));
}

TEST(BrokenServer, AStatusOutweighsItsCutBody) {
    RawServer server([](int fd, int) {
        if (!read_head(fd).empty()) {
            write_all(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n{");
        }
    });
    Fixture fixture;
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), FailedWith(Code::permission_denied));
    EXPECT_EQ(server.connections(), 1);
}

TEST(BrokenServer, AnEndlessErrorBodyIsCutShort) {
    RawServer server([](int fd, int) {
        if (!read_head(fd).empty()) {
            write_all(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 1000000000000\r\n\r\n");
            write_all(fd, std::string(1 << 20, 'e'));
            wait_for_close(fd);
        }
    });
    Fixture fixture;
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), FailedWith(Code::not_found));
}

TEST(BrokenServer, InformationalAnswersAndTrailersAreNoHeaders) {
    RawServer server([](int fd, int) {
        if (!read_head(fd).empty()) {
            write_all(fd,
                      "HTTP/1.1 103 Early Hints\r\nX-Hint: yes\r\n\r\n"
                      "HTTP/1.1 200 OK\r\nX-Real: yes\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "2\r\nok\r\n0\r\nX-Trailer: yes\r\n\r\n");
        }
    });
    Fixture fixture;
    const auto answer = fixture.engine.fetch(get(server.url()));
    ASSERT_THAT(answer, Answered(200));
    EXPECT_EQ(answer->body, "ok");
    EXPECT_EQ(answer->headers.get("X-Real"), "yes");
    EXPECT_EQ(answer->headers.get("X-Hint"), std::nullopt);
    EXPECT_EQ(answer->headers.get("X-Trailer"), std::nullopt);
}

TEST(BrokenServer, APostIsSentOnceEvenOnAKeptConnectionThatDies) {
    std::atomic<int> posts{0};
    RawServer server([&](int fd, int) {
        // The first request of a connection is answered; on the second it dies.
        for (int request = 0;; ++request) {
            const std::string head = read_head(fd);
            if (head.empty()) {
                return;
            }
            posts += head.rfind("POST", 0) == 0 ? 1 : 0;
            if (request > 0 || head.find("/die") != std::string::npos) {
                return;
            }
            write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    Fixture fixture;
    ASSERT_THAT(fixture.engine.fetch(get(server.url())), Answered(200));
    Request post = get(server.url("/die"));
    post.method = "POST";
    EXPECT_THAT(fixture.engine.fetch(post), FailedWith(Code::unavailable));
    EXPECT_EQ(posts, 1);
    // A request that may be repeated survives the dead connection.
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), Answered(200));
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), Answered(200));
}

TEST(BrokenServer, APostThatNeverLeftIsTriedAgain) {
    int port = 0;
    {
        const Listener gone;
        port = gone.port();
    }
    Fixture fixture([](Options& options) { options.retries = 1; });
    Request post = get("http://127.0.0.1:" + std::to_string(port));
    post.method = "POST";
    EXPECT_THAT(fixture.engine.fetch(post), FailedWith(Code::unavailable));
    EXPECT_EQ(fixture.engine.counters().retries.at("unavailable"), 1);
}

}  // namespace
}  // namespace gds::http
