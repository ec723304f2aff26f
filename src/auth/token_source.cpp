#include "gds/auth/token_source.h"

#include "gds/base/log.h"
#include "jwt.h"
#include "scope.h"
#include "token_client.h"

#include <algorithm>
#include <array>

namespace gds::auth {

namespace {

using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr int kRetries = 5;
/// How long a failed request for a token stands for the next ones.
constexpr seconds kFailurePause{30};
/// A token from after a 401 that draws a 401 within this time shows that tokens are not the cause.
constexpr seconds kFresh{300};

seconds life_of(const AccessToken& token) {
    static constexpr std::int64_t kUnsaid = 300;
    static constexpr std::int64_t kLongest = 86'400;
    return seconds(std::clamp<std::int64_t>(token.expires_in_s.value_or(kUnsaid), 1, kLongest));
}

/// How long before its end a token is renewed: five minutes, but at most a tenth of its life.
Millis margin_of(seconds life) {
    return std::min<Millis>(seconds(300), Millis(life) / 10);
}

/// Which token recent requests carried, by their URL. The engine tells of a 401 without saying, and
/// several requests with the same old token come back one after another.
class RecentUse {
public:
    void note(const std::string& url, std::uint64_t generation) {
        uses_[next_++ % uses_.size()] = {std::hash<std::string>{}(url), generation};
    }
    /// The generation last used for this URL; `otherwise` where it is not known.
    [[nodiscard]] std::uint64_t find(const std::string& url, std::uint64_t otherwise) const {
        const std::size_t hash = std::hash<std::string>{}(url);
        std::uint64_t found = 0;
        for (const Use& use : uses_) {
            if (use.url_hash == hash) {
                found = std::max(found, use.generation);
            }
        }
        return found == 0 ? otherwise : found;
    }

private:
    struct Use {
        std::size_t url_hash = 0;
        std::uint64_t generation = 0;  ///< 0: never
    };
    std::array<Use, 512> uses_{};  // far more than there are connections
    std::size_t next_ = 0;
};

}  // namespace

class TokenSource::Impl {
public:
    Impl(Credentials credentials, std::string token_endpoint, const std::string& drive_endpoint,
         const http::Options& options, Cancel& cancel, Clocks clocks)
        : credentials_(std::move(credentials)),
          client_(std::move(token_endpoint), options, cancel, credentials_.origin),
          drive_origin_(http::origin_of(drive_endpoint)),
          clocks_(std::move(clocks)) {}

    Result<AccessToken> token();
    Result<std::string> authorization(const std::string& url);
    Result<bool> refused(const std::string& url);

    [[nodiscard]] const http::Counters& counters() const { return client_.counters(); }
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

private:
    struct Held {
        AccessToken token;
        TimePoint since;
        TimePoint renew_at;
        TimePoint ends_at;
        bool after_refusal = false;
    };
    struct Failure {
        Error error;
        TimePoint until;
    };

    /// After it `held_` holds a token that can be used, unless it fails.
    Status renew_if_due();
    Status fetch(int retries);
    Result<AccessToken> grant(int retries);
    Result<AccessToken> refresh(const RefreshCredentials& credentials, int retries);
    Result<AccessToken> assert_identity(const ServiceAccount& account, int retries);
    void hold(AccessToken token);
    void warn_once();
    void remember(const Error& failure);

    Credentials credentials_;
    TokenClient client_;
    Result<std::string> drive_origin_;
    Clocks clocks_;
    std::optional<Held> held_;
    std::optional<Failure> failure_;
    RecentUse recent_;
    std::uint64_t generation_ = 0;  ///< of held_; counts from 1
    std::int64_t clock_correction_s_ = 0;
    bool warned_ = false;
    std::vector<std::string> warnings_;
};

Result<AccessToken> TokenSource::Impl::token() {
    GDS_CHECK(renew_if_due());
    return held_->token;
}

Status TokenSource::Impl::renew_if_due() {
    const TimePoint now = clocks_.steady();
    if (held_ && now < held_->renew_at) {
        return {};
    }
    if (!held_ || now >= held_->ends_at) {
        held_.reset();
        return fetch(kRetries);
    }
    // The one in hand is still good: one attempt, not to hold up what waits for it.
    Status renewed = fetch(0);
    if (renewed || renewed.error().code == Code::cancelled) {
        return renewed;
    }
    log::warn("the access token was not renewed yet; the present one is used on",
              {{"error", renewed.error().message}});
    held_->renew_at = std::min(clocks_.steady() + kFailurePause, held_->ends_at);
    failure_.reset();
    return {};
}

Status TokenSource::Impl::fetch(int retries) {
    if (failure_ && clocks_.steady() < failure_->until) {
        return failure_->error;
    }
    auto token = grant(retries);
    if (token && !can_read_drive(*token)) {
        token = insufficient_scope(*token);
    }
    if (!token) {
        remember(token.error());
        return token.error();
    }
    failure_.reset();
    hold(*std::move(token));
    warn_once();
    return {};
}

Result<AccessToken> TokenSource::Impl::grant(int retries) {
    if (credentials_.service_account) {
        return assert_identity(*credentials_.service_account, retries);
    }
    if (credentials_.refresh) {
        return refresh(*credentials_.refresh, retries);
    }
    return error(Code::invalid_argument, "no credentials were given");
}

Result<AccessToken> TokenSource::Impl::refresh(const RefreshCredentials& credentials, int retries) {
    const Form form = {{"grant_type", "refresh_token"},
                       {"client_id", credentials.client_id},
                       {"client_secret", credentials.client_secret.reveal()},
                       {"refresh_token", credentials.refresh_token.reveal()}};
    return GDS_TRY(client_.post(Grant::refresh_token, form, retries)).access;
}

Result<AccessToken> TokenSource::Impl::assert_identity(const ServiceAccount& account, int retries) {
    const auto attempt = [&]() -> Result<AccessToken> {
        const auto assertion = GDS_TRY(
            make_assertion(account, client_.endpoint(), clocks_.wall_s() + clock_correction_s_));
        const Form form = {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                           {"assertion", assertion.reveal()}};
        return GDS_TRY(client_.post(Grant::service_account, form, retries)).access;
    };
    auto token = attempt();
    if (token || !blames_clock(client_.refusal()) || !client_.server_time()) {
        return token;
    }
    const std::int64_t correction = *client_.server_time() - clocks_.wall_s();
    if (correction == clock_correction_s_) {
        return token;
    }
    clock_correction_s_ = correction;
    log::warn("the local clock is wrong; the token endpoint's is used for the assertion",
              {{"seconds_behind", correction}});
    return attempt();
}

void TokenSource::Impl::hold(AccessToken token) {
    const seconds life = life_of(token);
    const TimePoint now = clocks_.steady();
    held_ = Held{std::move(token), now, now + life - margin_of(life), now + life, false};
    ++generation_;
}

void TokenSource::Impl::warn_once() {
    if (std::exchange(warned_, true)) {
        return;
    }
    warnings_ = check_token(held_->token).warnings;
    for (const std::string& warning : warnings_) {
        log::warn(warning, {{"credentials", credentials_.origin}});
    }
}

void TokenSource::Impl::remember(const Error& failure) {
    if (failure.code == Code::cancelled) {
        return;
    }
    // What was refused once is refused again: asking on would only draw attention.
    const bool final = failure.code == Code::unauthenticated;
    failure_ = Failure{failure, final ? TimePoint::max() : clocks_.steady() + kFailurePause};
}

Result<std::string> TokenSource::Impl::authorization(const std::string& url) {
    if (!drive_origin_) {
        return drive_origin_.error().context("--drive-endpoint");
    }
    const auto origin = http::origin_of(url);
    if (!origin || (*origin != *drive_origin_ && *origin != "https://docs.google.com:443")) {
        return std::string();
    }
    GDS_CHECK(renew_if_due());
    recent_.note(url, generation_);
    return "Bearer " + held_->token.token.reveal();
}

Result<bool> TokenSource::Impl::refused(const std::string& url) {
    if (recent_.find(url, generation_) < generation_ && held_) {
        return true;  // another request has replaced that token meanwhile
    }
    if (held_ && held_->after_refusal && clocks_.steady() - held_->since < kFresh) {
        return false;
    }
    held_.reset();
    GDS_CHECK(renew_if_due());
    held_->after_refusal = true;
    return !held_->token.token.empty();
}

TokenSource::TokenSource(Credentials credentials, std::string token_endpoint,
                         const std::string& drive_endpoint, const http::Options& options,
                         Cancel& cancel, Clocks clocks)
    : impl_(std::make_unique<Impl>(std::move(credentials), std::move(token_endpoint),
                                   drive_endpoint, options, cancel, std::move(clocks))) {}

TokenSource::~TokenSource() = default;

Result<AccessToken> TokenSource::token() {
    return impl_->token();
}

Result<std::string> TokenSource::authorization(const http::Request& /*request*/,
                                               const std::string& url) {
    return impl_->authorization(url);
}

Result<bool> TokenSource::refused(const http::Request& request,
                                  const http::Response& /*response*/) {
    return impl_->refused(request.url);
}

const http::Counters& TokenSource::counters() const {
    return impl_->counters();
}

const std::vector<std::string>& TokenSource::warnings() const {
    return impl_->warnings();
}

}  // namespace gds::auth
