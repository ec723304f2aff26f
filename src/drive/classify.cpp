#include "gds/base/text.h"
#include "gds/drive/api.h"
#include "json_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace gds::drive {

namespace {

constexpr std::size_t kMaxMessage = 300;
/// The reason of a 404 that no API of Google wrote.
constexpr std::string_view kForeign = "not Google's";

/// What a body of Google's JSON error formats says, from wherever in it.
struct Refusal {
    std::vector<std::string> reasons;
    std::vector<std::string> locations;
    std::string message;
    bool is_googles = false;  ///< it has the "error" object of Google's APIs

    [[nodiscard]] bool has_location(std::string_view name) const {
        return std::find(locations.begin(), locations.end(), name) != locations.end();
    }
};

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

class RefusalVisitor final : public JsonVisitor {
public:
    Status value(std::string_view path, const JsonValue& value) override {
        refusal_.is_googles = refusal_.is_googles || path.starts_with("error.");
        if (value.kind != JsonKind::text) {
            return {};
        }
        if (ends_with(path, ".reason") || path == "error.status") {
            refusal_.reasons.emplace_back(value.text);
        } else if (ends_with(path, ".location")) {
            refusal_.locations.emplace_back(value.text);
        } else if (ends_with(path, "error.message") || path == "error_description") {
            refusal_.message = value.text;
        }
        return {};
    }
    Refusal& refusal() { return refusal_; }

private:
    Refusal refusal_;
};

Refusal read_refusal(const std::string& body) {
    RefusalVisitor visitor;
    // A body that is no JSON says nothing more than the status does.
    const Status read = read_json(body, visitor);
    return read ? std::move(visitor.refusal()) : Refusal{};
}

/// What a reason of a 403 means; the first row that an answer matches decides.
struct Meaning {
    std::string_view reason;
    Code code = Code::permission_denied;
    std::string_view reported = {};  ///< reason of our Error; empty: Google's own
    std::string_view advice = {};
};

constexpr std::string_view kScopeAdvice =
    "the token does not cover reading Drive; authorize again with the scope drive.readonly";
constexpr std::string_view kEnableAdvice =
    "enable the Google Drive API in the Google Cloud project that the credentials belong to "
    "(APIs & Services > Library), then wait a few minutes";
constexpr std::string_view kDomainAdvice =
    "an administrator of the domain has to allow Drive apps for this account";

constexpr std::array kMeanings = {
    Meaning{"userRateLimitExceeded", Code::rate_limited},
    Meaning{"rateLimitExceeded", Code::rate_limited},
    Meaning{"sharingRateLimitExceeded", Code::rate_limited},
    // Lasts until the day's quota is new; the bound on retries ends the wait.
    Meaning{"dailyLimitExceeded", Code::rate_limited},
    Meaning{"quotaExceeded", Code::rate_limited},
    Meaning{"RATE_LIMIT_EXCEEDED", Code::rate_limited, "rateLimitExceeded"},
    Meaning{"RESOURCE_EXHAUSTED", Code::rate_limited, "rateLimitExceeded"},
    Meaning{"ACCESS_TOKEN_SCOPE_INSUFFICIENT", Code::unauthenticated, "insufficient_scope",
            kScopeAdvice},
    Meaning{"insufficientPermissions", Code::unauthenticated, "insufficient_scope", kScopeAdvice},
    Meaning{"accessNotConfigured", Code::permission_denied, "accessNotConfigured", kEnableAdvice},
    Meaning{"SERVICE_DISABLED", Code::permission_denied, "accessNotConfigured", kEnableAdvice},
    Meaning{"domainPolicy", Code::permission_denied, "domainPolicy", kDomainAdvice},
    // Google bans a file's downloads for about a day: no wait within a run gets past it.
    Meaning{"downloadQuotaExceeded", Code::permission_denied, "downloadQuotaExceeded",
            "too many downloads of this file lately; Drive lifts this within a day"},
    Meaning{"exportSizeLimitExceeded"},
    Meaning{"cannotDownloadAbusiveFile"},
    Meaning{"cannotDownloadFile"},
    Meaning{"cannotExportFile"},
    Meaning{"fileNotDownloadable"},
    Meaning{"fileNotExportable"},
};

constexpr std::array<std::string_view, 5> kPermanent = {"cannotDownloadAbusiveFile",
                                                        "cannotDownloadFile", "cannotExportFile",
                                                        "fileNotDownloadable", "fileNotExportable"};

const Meaning* meaning_of(const std::vector<std::string>& reasons) {
    const auto* const found =
        std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& meaning) {
            return std::find(reasons.begin(), reasons.end(), meaning.reason) != reasons.end();
        });
    return found == kMeanings.end() ? nullptr : found;
}

std::string first_reason(const Refusal& refusal) {
    return refusal.reasons.empty() ? std::string() : printable(refusal.reasons.front());
}

/// At most kMaxMessage bytes, cut between characters.
std::string bounded(std::string text) {
    if (text.size() <= kMaxMessage) {
        return text;
    }
    std::size_t end = kMaxMessage;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return text.substr(0, end) + "...";
}

void judge_forbidden(Error& failure, const Refusal& refusal, std::string_view& advice) {
    if (const Meaning* const meaning = meaning_of(refusal.reasons)) {
        failure.code = meaning->code;
        failure.reason = meaning->reported.empty() ? meaning->reason : meaning->reported;
        advice = meaning->advice;
    }
}

void judge_bad_request(Error& failure, const Refusal& refusal) {
    if (refusal.has_location("pageToken")) {
        failure.reason = "invalidPageToken";
    } else if (refusal.has_location("convertTo")) {
        // files.export into a format that does not exist for the type.
        failure.code = Code::permission_denied;
        failure.reason = "fileNotExportable";
    }
}

}  // namespace

std::optional<Error> classify(const http::Response& response) {
    auto failure = http::classify_by_status(response);
    if (!failure) {
        return std::nullopt;
    }
    const Refusal refusal = read_refusal(response.body);
    failure->http_status = response.status;
    failure->reason = first_reason(refusal);
    if (response.status == 404 && !refusal.is_googles) {
        // A proxy's, or that of a service which is not there: of the item it says nothing.
        failure->reason = kForeign;
    }
    failure->retry_after = http::retry_after(response.headers);
    std::string_view advice;
    if (response.status == 403) {
        judge_forbidden(*failure, refusal, advice);
    } else if (response.status == 400) {
        judge_bad_request(*failure, refusal);
    } else if (response.status == 429) {
        const Meaning* const meaning = meaning_of(refusal.reasons);
        failure->reason = meaning != nullptr ? std::string(meaning->reason) : failure->reason;
    }
    std::string message = http::status_text(response.status);
    if (!failure->reason.empty()) {
        message += fmt::format(" ({})", failure->reason);
    }
    if (!refusal.message.empty()) {
        message += ": " + bounded(printable(refusal.message));
    }
    if (!advice.empty()) {
        message += fmt::format("; {}", advice);
    }
    failure->message = std::move(message);
    return failure;
}

bool rejects_page_token(const Error& error) {
    // 400 is what the documentation says; 404 and 410 were met in the field.
    return error.http_status == 400 || error.http_status == 404 || error.http_status == 410;
}

bool proves_absence(const Error& error) {
    return error.http_status == 404 && error.reason != kForeign;
}

bool is_out_of_sight(const Error& error) {
    return proves_absence(error) || error.code == Code::permission_denied;
}

bool ends_run(const Error& error) {
    return error.code == Code::unauthenticated || error.code == Code::cancelled;
}

bool is_permanent_refusal(const Error& error) {
    return error.code == Code::permission_denied &&
           std::find(kPermanent.begin(), kPermanent.end(), error.reason) != kPermanent.end();
}

}  // namespace gds::drive
