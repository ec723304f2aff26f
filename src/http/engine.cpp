#include "gds/http/engine.h"

#include "buffered.h"
#include "engine_impl.h"

#include <optional>
#include <utility>

namespace gds::http {

namespace {

Job job_of(std::shared_ptr<Exchange> exchange, bool buffered) {
    Job job;
    job.exchange = std::move(exchange);
    job.buffered = buffered;
    return job;
}

}  // namespace

Engine::Engine(Options options, Cancel& cancel, Authorizer* authorizer)
    : impl_(std::make_unique<Impl>(std::move(options), cancel, authorizer)) {}

Engine::~Engine() = default;

void Engine::start(std::shared_ptr<Exchange> exchange) {
    impl_->start(job_of(std::move(exchange), false));
}

void Engine::send(Request request, std::function<void(Result<Response>)> done) {
    impl_->start(
        job_of(std::make_shared<BufferedExchange>(std::move(request), std::move(done)), true));
}

Result<Response> Engine::fetch(Request request) {
    if (impl_->in_curl()) {
        return error(Code::internal, "Engine::fetch called from a callback of an exchange");
    }
    std::optional<Result<Response>> answer;
    send(std::move(request), [&answer](Result<Response> result) { answer = std::move(result); });
    while (!answer && pump(kLongestWait)) {
    }
    return answer ? *std::move(answer) : error(Code::internal, "the request was lost");
}

bool Engine::pump(Millis wait) {
    return impl_->pump(wait);
}

void Engine::run() {
    while (pump(kLongestWait)) {
    }
}

void Engine::wake() {
    impl_->wake();
}

std::size_t Engine::pending() const {
    return impl_->pending();
}

const Counters& Engine::counters() const {
    return impl_->counters();
}

void Engine::set_max_connections(int count) {
    impl_->set_max_connections(count);
}

}  // namespace gds::http
