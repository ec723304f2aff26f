#include "terms.h"

#include "gds/base/text.h"
#include "gds/crypto/digest.h"

#include <fmt/core.h>

#include <array>

namespace gds::run {

namespace {

constexpr std::array<const char*, 4> kWords = {"another account or other credentials",
                                               "another source folder", "other filters",
                                               "other export formats"};

std::string fingerprint(const std::string& text) {
    constexpr std::size_t kBytes = 8;
    return to_hex(crypto::digest(crypto::Algorithm::sha256, text).substr(0, kBytes));
}

/// Whose account it is, without asking: the same credentials are the same account's.
std::string account_of(const auth::Credentials& credentials) {
    if (credentials.service_account) {
        return credentials.service_account->client_email + '\n' +
               credentials.service_account->subject;
    }
    return credentials.refresh
               ? credentials.refresh->client_id + '\n' + credentials.refresh->refresh_token.reveal()
               : std::string();
}

}  // namespace

Terms::Terms(const SourceSettings& source, const auth::Credentials& credentials,
             const tree::Filter& filter, const std::vector<std::string>& export_formats) {
    std::string formats;
    for (const std::string& format : export_formats) {
        formats += format + ',';
    }
    const std::string place = source.text() + '\n' + credentials.root_folder_id;
    text_ = fmt::format("{} {} {} {}", fingerprint(account_of(credentials)), fingerprint(place),
                        fingerprint(filter.fingerprint()), fingerprint(formats));
}

std::optional<std::string> Terms::difference(const std::string& recorded) const {
    const auto now = split(text_, ' ');
    const auto before = split(recorded, ' ');
    for (std::size_t i = 0; i < kWords.size(); ++i) {
        if (i >= before.size() || before[i] != now[i]) {
            return kWords[i];
        }
    }
    return std::nullopt;
}

bool Terms::other_credentials(const std::string& recorded) const {
    return split(text_, ' ').front() != split(recorded, ' ').front();
}

bool is_due(std::int64_t last_ms, std::int64_t interval_ms, std::int64_t now_ms) {
    return last_ms <= 0 || last_ms > now_ms || now_ms - last_ms >= interval_ms;
}

}  // namespace gds::run
