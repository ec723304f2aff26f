#include "gds/base/cancel.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace gds {

namespace {

std::atomic<Cancel*> signal_target{nullptr};

extern "C" void on_stop_signal(int signal) {
    const int saved_errno = errno;
    if (Cancel* cancel = signal_target.load()) {
        cancel->stop(signal == SIGINT ? StopReason::interrupted : StopReason::terminated);
    }
    errno = saved_errno;
}

}  // namespace

Cancel::Cancel() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Cancel::stop(StopReason reason) noexcept {
    StopReason expected = StopReason::none;
    if (reason_.compare_exchange_strong(expected, reason)) {
        const std::uint64_t one = 1;
        // A full counter already wakes; there is nothing to do about any other failure here.
        [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    }
}

StopReason Cancel::reason() const {
    const StopReason reason = reason_.load(std::memory_order_relaxed);
    if (reason == StopReason::none && deadline_ && std::chrono::steady_clock::now() >= *deadline_) {
        return StopReason::deadline;
    }
    return reason;
}

void stop_on_signals(Cancel& cancel) {
    signal_target.store(&cancel);
    struct sigaction action {};
    action.sa_handler = on_stop_signal;  // NOLINT(cppcoreguidelines-pro-type-union-access)
    sigemptyset(&action.sa_mask);
    for (const int signal : std::array{SIGINT, SIGTERM}) {
        sigaction(signal, &action, nullptr);
    }
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;  // NOLINT(cppcoreguidelines-pro-type-union-access)
    sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace gds
