// Answers that ask for another attempt: which, how often, how soon, with what credentials.
#include "gds/http/engine.h"
#include "support.h"
#include "web_server.h"

namespace gds::http {
namespace {

using namespace testing;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

/// A server whose /flaky answers with each of `script` in turn, and then with 200.
class RetryTest : public ::testing::Test {
protected:
    using Answer = std::function<void(httplib::Response&)>;

    RetryTest() {
        const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
            const std::lock_guard lock(mutex);
            const std::size_t turn = arrivals.size();
            arrivals.push_back(std::chrono::steady_clock::now());
            authorizations.push_back(request.get_header_value("Authorization"));
            if (turn < script.size()) {
                script[turn](response);
            } else {
                response.set_content("ok", "text/plain");
            }
        };
        web.server.Get("/flaky", handler);
        web.server.Post("/flaky", handler);
        web.start();
    }

    static Answer status(int code, const std::string& after = "") {
        return [=](httplib::Response& response) {
            response.status = code;
            if (!after.empty()) {
                response.set_header("Retry-After", after);
            }
        };
    }
    void answers(std::size_t times, const Answer& answer) {
        script.insert(script.end(), times, answer);
    }
    Request flaky() { return get(web.url("/flaky")); }

    WebServer web;
    std::mutex mutex;
    std::vector<Answer> script;
    std::vector<std::chrono::steady_clock::time_point> arrivals;
    std::vector<std::string> authorizations;
};

TEST_F(RetryTest, TriesAgainUntilItWorks) {
    script = {status(500), status(503), status(502), status(408)};
    Fixture fixture;
    EXPECT_THAT(fixture.engine.fetch(flaky()), Answered(200));
    EXPECT_EQ(arrivals.size(), 5U);
    const Counters& counters = fixture.engine.counters();
    EXPECT_EQ(counters.retries, (std::map<std::string, std::int64_t, std::less<>>{
                                    {"unavailable", 3}, {"timeout", 1}}));
    EXPECT_EQ(counters.requests.at("other"), 5);
    EXPECT_EQ(counters.statuses.at(503), 1);
}

TEST_F(RetryTest, GivesUpAfterItsRetriesAndSaysHowManyAttemptsThereWere) {
    answers(9, status(503));
    Fixture fixture([](Options& options) { options.retries = 3; });
    const auto answer = fixture.engine.fetch(flaky());
    ASSERT_THAT(answer, FailedWith(Code::unavailable));
    EXPECT_EQ(arrivals.size(), 4U);
    EXPECT_EQ(answer.error().message,
              "GET " + web.url("/flaky") + ": 503 Service Unavailable (after 4 attempts)");
    EXPECT_EQ(answer.error().http_status, 503);
}

TEST_F(RetryTest, DoesNotRepeatWhatCannotPass) {
    for (const int code : {400, 403, 404, 410, 412}) {
        script.push_back(status(code));
    }
    Fixture fixture;
    for (std::size_t asked = 1; asked <= 5; ++asked) {
        EXPECT_FALSE(fixture.engine.fetch(flaky()));
        EXPECT_EQ(arrivals.size(), asked);
    }
}

TEST_F(RetryTest, RepeatsABadResponseTwiceAtMost) {
    Fixture fixture;
    Request request = flaky();
    request.classify = [](const Response&) { return error(Code::bad_response, "nonsense"); };
    EXPECT_THAT(fixture.engine.fetch(request), FailedWith(Code::bad_response));
    EXPECT_EQ(arrivals.size(), 3U);
}

TEST_F(RetryTest, WaitsAsLongAsRetryAfterSays) {
    script = {status(503, "1")};
    Fixture fixture;
    EXPECT_THAT(fixture.engine.fetch(flaky()), Answered(200));
    ASSERT_EQ(arrivals.size(), 2U);
    EXPECT_GE(arrivals[1] - arrivals[0], Millis(990));
}

TEST_F(RetryTest, ReadsRetryAfterAsADateToo) {
    script = {[](httplib::Response& response) {
        response.status = 503;
        response.set_header("Date", "Fri, 31 Dec 1999 23:59:58 GMT");
        response.set_header("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT");
    }};
    Fixture fixture;
    EXPECT_THAT(fixture.engine.fetch(flaky()), Answered(200));
    ASSERT_EQ(arrivals.size(), 2U);
    EXPECT_GE(arrivals[1] - arrivals[0], Millis(990));
}

TEST_F(RetryTest, ARetryAfterPastTheBoundIsAnErrorAtOnce) {
    script = {status(429, "121")};
    Fixture fixture;
    const auto answer = fixture.engine.fetch(flaky());
    ASSERT_THAT(answer, FailedWith(Code::rate_limited));
    EXPECT_EQ(answer.error().retry_after, std::chrono::seconds(121));
    EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(RetryTest, ARetryAfterPastTheBoundIsCutWhereTheRequestAllows) {
    script = {status(503, "3600")};
    Fixture fixture([](Options& options) { options.retry_max_wait = Millis(20); });
    Request request = flaky();
    request.fail_on_retry_after = false;
    EXPECT_THAT(fixture.engine.fetch(request), Answered(200));
    EXPECT_EQ(arrivals.size(), 2U);
}

TEST_F(RetryTest, AWaitingRetryHoldsNoPlace) {
    script = {status(503, "1")};
    Fixture fixture([](Options& options) { options.max_connections = 1; });
    std::vector<std::string> order;
    fixture.engine.send(flaky(), [&](const Result<Response>&) { order.emplace_back("retried"); });
    Request other = flaky();
    fixture.engine.send(other, [&](const Result<Response>&) { order.emplace_back("other"); });
    fixture.engine.run();
    EXPECT_THAT(order, ::testing::ElementsAre("other", "retried"));
}

TEST_F(RetryTest, ARateAnswerHoldsBackEveryone) {
    script = {status(429, "1")};
    Fixture fixture([](Options& options) { options.max_connections = 1; });
    for (int i = 0; i < 3; ++i) {
        fixture.engine.send(
            flaky(), [](const Result<Response>& result) { EXPECT_THAT(result, Answered(200)); });
    }
    fixture.engine.run();
    ASSERT_EQ(arrivals.size(), 4U);
    EXPECT_GE(arrivals[1] - arrivals[0], Millis(990));
    EXPECT_EQ(fixture.engine.counters().retries.at("rate_limited"), 1);
}

TEST_F(RetryTest, CountsRetriesByTheReasonOfTheOtherSide) {
    script = {status(403)};
    Fixture fixture;
    Request request = flaky();
    request.classify = [](const Response& response) -> std::optional<Error> {
        if (response.status == 200) {
            return std::nullopt;
        }
        Error slow = error(Code::rate_limited, "too fast");
        slow.reason = "userRateLimitExceeded";
        return slow;
    };
    EXPECT_THAT(fixture.engine.fetch(request), Answered(200));
    EXPECT_EQ(fixture.engine.counters().retries.at("userRateLimitExceeded"), 1);
}

TEST_F(RetryTest, NamesStatusAndReasonInTheMessage) {
    answers(1, status(503));
    Fixture fixture([](Options& options) { options.retries = 0; });
    Request request = flaky();
    request.classify = [](const Response&) -> std::optional<Error> {
        Error refused = error(Code::unavailable, "Drive had a problem");
        refused.reason = "backendError";
        return refused;
    };
    const auto answer = fixture.engine.fetch(request);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message,
                EndsWith(": 503 Service Unavailable (backendError): Drive had a problem"));
}

TEST_F(RetryTest, NeverRepeatsAPostThatMayHaveTakenEffect) {
    answers(2, status(503));
    Fixture fixture;
    Request request = flaky();
    request.method = "POST";
    request.body = "x";
    EXPECT_THAT(fixture.engine.fetch(request), FailedWith(Code::unavailable));
    EXPECT_EQ(arrivals.size(), 1U);
    request.idempotent = true;
    EXPECT_THAT(fixture.engine.fetch(request), Answered(200));
    EXPECT_EQ(arrivals.size(), 3U);
}

TEST_F(RetryTest, AsksTheExchangeForEachAttemptsRequest) {
    /// Continues where the last attempt broke.
    class Resumer : public Recorder {
    public:
        using Recorder::Recorder;
        Result<Request> request() override {
            Request next = wanted;
            next.headers.add("Authorization", "attempt " + std::to_string(attempts++));
            return next;
        }
        Status end() override {
            return ++ends == 1 ? Status(error(Code::unavailable, "short")) : Status();
        }
    };
    Fixture fixture;
    const auto resumer = std::make_shared<Resumer>(flaky());
    fixture.engine.start(resumer);
    fixture.engine.run();
    EXPECT_THAT(*resumer->answer, Answered(200));
    EXPECT_EQ(resumer->dones, 1);
    EXPECT_THAT(authorizations, ::testing::ElementsAre("attempt 0", "attempt 1"));
}

/// Gives out numbered tokens, a new one after each refusal while there are more.
class Tokens : public Authorizer {
public:
    explicit Tokens(int last) : last_(last) {}
    Result<std::string> authorization(const Request&, const std::string&) override {
        return "Bearer " + std::to_string(current_);
    }
    Result<bool> refused(const Request&, const Response& response) override {
        statuses.push_back(response.status);
        if (current_ == last_) {
            return false;
        }
        ++current_;
        return true;
    }
    std::vector<int> statuses;

private:
    int current_ = 1;
    int last_;
};

TEST_F(RetryTest, AsksForNewCredentialsOnceWithoutCountingARetry) {
    script = {status(401)};
    Tokens tokens(2);
    Fixture fixture([](Options& options) { options.retries = 0; }, &tokens);
    EXPECT_THAT(fixture.engine.fetch(flaky()), Answered(200));
    EXPECT_THAT(authorizations, ::testing::ElementsAre("Bearer 1", "Bearer 2"));
    EXPECT_THAT(tokens.statuses, ::testing::ElementsAre(401));
}

TEST_F(RetryTest, ASecondRefusalIsFinal) {
    answers(5, status(401));
    Tokens tokens(9);
    Fixture fixture({}, &tokens);
    EXPECT_THAT(fixture.engine.fetch(flaky()), FailedWith(Code::unauthenticated));
    EXPECT_EQ(arrivals.size(), 2U);
}

TEST_F(RetryTest, WithoutNewCredentialsARefusalIsFinal) {
    answers(5, status(401));
    Tokens tokens(1);
    Fixture fixture({}, &tokens);
    EXPECT_THAT(fixture.engine.fetch(flaky()), FailedWith(Code::unauthenticated));
    EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(RetryTest, ARequestWithoutAuthorizationIsLeftAlone) {
    answers(1, status(401));
    Tokens tokens(9);
    Fixture fixture({}, &tokens);
    Request request = flaky();
    request.authorize = false;
    EXPECT_THAT(fixture.engine.fetch(request), FailedWith(Code::unauthenticated));
    EXPECT_THAT(authorizations, ::testing::ElementsAre(""));
    EXPECT_THAT(tokens.statuses, ::testing::IsEmpty());
}

TEST_F(RetryTest, AnErrorOfTheAuthorizerIsTheAnswerAsItIs) {
    class Broken : public Authorizer {
    public:
        Result<std::string> authorization(const Request&, const std::string&) override {
            Error refused = error(Code::unauthenticated, "the refresh token was revoked");
            refused.http_status = 400;
            return refused;
        }
        Result<bool> refused(const Request&, const Response&) override { return true; }
    };
    Broken broken;
    Fixture fixture({}, &broken);
    const auto answer = fixture.engine.fetch(flaky());
    ASSERT_THAT(answer, FailedWith(Code::unauthenticated));
    EXPECT_EQ(answer.error().message, "the refresh token was revoked");
    EXPECT_TRUE(arrivals.empty());
}

}  // namespace
}  // namespace gds::http
