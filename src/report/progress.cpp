#include "gds/report/progress.h"

#include "gds/base/log.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <mutex>

namespace gds::report {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kRedrawInterval{100};
constexpr Millis kSampleInterval{500};
constexpr Millis kRateWindow{15'000};

/// Bytes a second over the last moments, not since the start: a rate that answers to what happens.
class RateMeter {
public:
    void add(Clock::time_point now, std::int64_t bytes) {
        if (!samples_.empty() && bytes < samples_.back().bytes) {
            samples_.clear();
        }
        if (samples_.empty() || now - samples_.back().at >= kSampleInterval) {
            samples_.push_back({now, bytes});
        }
        while (samples_.size() > 2 && now - samples_.front().at > kRateWindow) {
            samples_.pop_front();
        }
    }

    [[nodiscard]] double bytes_per_second(Clock::time_point now, std::int64_t bytes) const {
        if (samples_.empty()) {
            return 0;
        }
        const std::chrono::duration<double> span = now - samples_.front().at;
        if (span < kSampleInterval) {
            return 0;
        }
        return static_cast<double>(bytes - samples_.front().bytes) / span.count();
    }

    void reset() { samples_.clear(); }

private:
    struct Sample {
        Clock::time_point at;
        std::int64_t bytes = 0;
    };
    std::deque<Sample> samples_;
};

bool stderr_is_terminal() {
    const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return ::isatty(STDERR_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

std::size_t terminal_width() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col : 80;
}

/// A progress line that cannot be written is no reason to fail.
void write_stderr(std::string_view text) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::string of_total(const std::string& done, const std::string& total, bool known) {
    return known ? fmt::format("{}/{}", done, total) : done;
}

}  // namespace

std::string progress_text(const ProgressFigures& figures, double bytes_per_second) {
    const bool total_known = figures.files_total > 0;
    const bool one = (total_known ? figures.files_total : figures.files_done) == 1;
    std::string text = fmt::format("{}: {} {}", figures.phase,
                                   of_total(fmt::format("{}", figures.files_done),
                                            fmt::format("{}", figures.files_total), total_known),
                                   one ? figures.noun_of_one : figures.noun);
    if (figures.bytes_done > 0 || figures.bytes_total > 0) {
        text += ", " + of_total(format_size(figures.bytes_done), format_size(figures.bytes_total),
                                figures.bytes_total > 0);
    }
    if (bytes_per_second < 1) {
        return text;
    }
    text += fmt::format(", {}/s", format_size(static_cast<std::int64_t>(bytes_per_second)));
    if (const std::int64_t left = figures.bytes_total - figures.bytes_done; left > 0) {
        const double ms = static_cast<double>(left) / bytes_per_second * 1000;
        text += fmt::format(", {} left", format_duration(Millis(static_cast<std::int64_t>(ms))));
    }
    return text;
}

/// `drawn_` is guarded: the log's hooks come on whatever thread writes a line. The mutex is never
/// held while logging, since the log holds its own around the hooks.
class Progress::Impl {
public:
    Impl(bool redraw, Millis log_interval) : redraw_(redraw), log_interval_(log_interval) {
        if (redraw_) {
            log::set_line_hooks([this] { step_aside(); }, [this] { come_back(); });
        }
    }

    ~Impl() {
        clear();
        if (redraw_) {
            log::set_line_hooks({}, {});
        }
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void update(const ProgressFigures& figures) {
        const Clock::time_point now = Clock::now();
        if (figures.phase != phase_) {
            phase_ = figures.phase;
            rate_.reset();
        }
        rate_.add(now, figures.bytes_done);
        if (now < due_) {
            return;
        }
        due_ = now + (redraw_ ? kRedrawInterval : log_interval_);
        const std::string text =
            progress_text(figures, rate_.bytes_per_second(now, figures.bytes_done));
        if (redraw_) {
            draw(text);
        } else {
            log::info(text);
        }
    }

    void clear() {
        const std::scoped_lock lock(mutex_);
        if (!line_.empty()) {
            write_stderr("\r\033[K");
            line_.clear();
        }
    }

private:
    void draw(const std::string& text) {
        const std::scoped_lock lock(mutex_);
        // One column less than the width: a full line would wrap and could not be redrawn.
        line_ = "\r\033[K" + text.substr(0, terminal_width() - 1);
        write_stderr(line_);
    }

    void step_aside() {
        const std::scoped_lock lock(mutex_);
        if (!line_.empty()) {
            write_stderr("\r\033[K");
        }
    }

    void come_back() {
        const std::scoped_lock lock(mutex_);
        write_stderr(line_);
    }

    const bool redraw_;
    const Millis log_interval_;
    std::string phase_;
    RateMeter rate_;
    Clock::time_point due_;
    std::mutex mutex_;
    std::string line_;  ///< as last drawn; empty where there is none
};

Progress::Progress(ProgressMode mode, Millis log_interval) {
    if (mode != ProgressMode::off) {
        const bool redraw = mode == ProgressMode::on || stderr_is_terminal();
        impl_ = std::make_unique<Impl>(redraw, log_interval);
    }
}

Progress::~Progress() = default;

void Progress::update(const ProgressFigures& figures) {
    if (impl_) {
        impl_->update(figures);
    }
}

void Progress::clear() {
    if (impl_) {
        impl_->clear();
    }
}

}  // namespace gds::report
