// A stop ends everything, once, wherever it stands.
#include "support.h"

namespace gds::http {
namespace {

using namespace testing;
using ::testing::HasSubstr;

/// Answers /body with a body that never ends, everything else not at all.
void stuck(int fd, int /*connection*/) {
    const std::string head = read_head(fd);
    if (head.find("/body") != std::string::npos) {
        write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    } else if (head.find("/busy") != std::string::npos) {
        write_all(fd, "HTTP/1.1 503 Busy\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n");
    }
    wait_for_close(fd);
}

TEST(Cancel, EndsExchangesWhereverTheyStand) {
    RawServer server(stuck);
    Fixture fixture([](Options& options) { options.max_connections = 2; });
    const auto waiting = std::make_shared<Recorder>(get(server.url("/busy")));
    fixture.engine.start(waiting);
    while (fixture.engine.counters().statuses.count(503) == 0) {
        ASSERT_TRUE(fixture.engine.pump(Millis(100)));
    }
    const auto silent = std::make_shared<Recorder>(get(server.url("/silent")));
    const auto streaming = std::make_shared<Recorder>(get(server.url("/body")));
    const auto queued = std::make_shared<Recorder>(get(server.url("/queued")));
    fixture.engine.start(silent);
    fixture.engine.start(streaming);
    fixture.engine.start(queued);
    while (streaming->text.empty()) {
        ASSERT_TRUE(fixture.engine.pump(Millis(100)));
    }
    EXPECT_EQ(fixture.engine.pending(), 4U);
    fixture.cancel.stop(StopReason::terminated);
    fixture.engine.run();
    for (const auto& recorder : {waiting, silent, streaming, queued}) {
        EXPECT_THAT(*recorder->answer, FailedWith(Code::cancelled));
        EXPECT_EQ(recorder->dones, 1);
    }
    EXPECT_EQ(queued->attempts, 0);
    EXPECT_THAT(streaming->answer->error().message, HasSubstr(server.url("/body")));
    EXPECT_EQ(fixture.engine.pending(), 0U);
}

TEST(Cancel, WakesAWaitFromAnotherThread) {
    std::atomic<bool> asked{false};
    RawServer server([&](int fd, int) {
        read_head(fd);
        asked = true;
        asked.notify_all();
        wait_for_close(fd);
    });
    Fixture fixture;
    const auto recorder = std::make_shared<Recorder>(get(server.url()));
    fixture.engine.start(recorder);
    std::thread stopper([&] {
        asked.wait(false);
        fixture.cancel.stop(StopReason::interrupted);
    });
    while (fixture.engine.pump(std::chrono::hours(1))) {
    }
    stopper.join();
    EXPECT_THAT(*recorder->answer, FailedWith(Code::cancelled));
}

TEST(Cancel, ADeadlineEndsARunThatWaits) {
    RawServer server(stuck);
    Fixture fixture;
    fixture.cancel.set_deadline(std::chrono::steady_clock::now() + Millis(100));
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), FailedWith(Code::cancelled));
}

TEST(Cancel, NothingStartsAfterAStop) {
    RawServer server(stuck);
    Fixture fixture;
    fixture.cancel.stop(StopReason::terminated);
    EXPECT_THAT(fixture.engine.fetch(get(server.url())), FailedWith(Code::cancelled));
    EXPECT_EQ(server.connections(), 0);
}

TEST(Cancel, WhatIsStartedByAnEndingExchangeEndsToo) {
    RawServer server(stuck);
    Fixture fixture;
    int ends = 0;
    fixture.engine.send(get(server.url()), [&](const Result<Response>& first) {
        EXPECT_THAT(first, FailedWith(Code::cancelled));
        ++ends;
        fixture.engine.send(get(server.url()), [&](const Result<Response>& second) {
            EXPECT_THAT(second, FailedWith(Code::cancelled));
            ++ends;
        });
    });
    fixture.cancel.stop(StopReason::terminated);
    fixture.engine.run();
    EXPECT_EQ(ends, 2);
}

}  // namespace
}  // namespace gds::http
