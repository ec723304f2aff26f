#pragma once

#include "http.h"
#include "routes.h"

#include <cstdint>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <regex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace emulator {

/// Which requests a fault strikes. Unset members match all.
struct FaultMatch {
    std::string label;
    std::string method;
    std::string host;
    std::string path_text;
    std::optional<std::regex> path;  ///< searched in the target, path and query as sent
    std::uint64_t skip = 0;          ///< so many matching requests pass first
    std::uint64_t every = 1;         ///< then every n-th is struck
    double probability = 1;
};

/// What happens to a struck request. Members combine, in the order of a request's life.
struct FaultAction {
    std::int64_t latency_ms = 0;
    int status = 0;               ///< an error of this status instead of an answer
    std::string reason, message;  ///< of that error
    std::string retry_after;
    bool html = false;                ///< that error, or a 200, as a page
    std::optional<std::string> body;  ///< sent as JSON instead of an answer
    std::string redirect;
    std::string oauth_error;     ///< such as invalid_grant
    bool expire_tokens = false;  ///< 401, and every access token is void
    bool refuse_page_token = false;
    bool unknown_item = false;   ///< 404 notFound
    std::string change_content;  ///< the item's bytes become these before it is answered
    // On what the handler answered.
    std::string list;  ///< "empty", "half", "twice", "repeat-token", "drop-token", "incomplete"
    std::string content_range;
    bool ignore_range = false;
    std::optional<std::int64_t> truncate;  ///< the text is cut, with a fitting Content-Length
    Delivery delivery;
};

/// A fault as the operator wrote it, and how often it was met and struck.
struct Fault {
    std::uint64_t id = 0;
    FaultMatch match;
    FaultAction action;
    std::uint64_t count = 0;  ///< strike so often, then no more; 0: always
    std::uint64_t seed = 1;
    std::uint64_t met = 0;
    std::uint64_t struck = 0;
    std::string text;  ///< the JSON it came from
};

/// Reads {"match": {...}, "action": {...}, "count": n, "seed": n}; unknown members are errors.
tl::expected<Fault, std::string> parse_fault(const nlohmann::json& json);

/// The faults that are set. The first that strikes a request wins.
class Faults {
public:
    std::uint64_t add(Fault fault);
    /// All, or one by id; how many went.
    std::size_t clear(std::optional<std::uint64_t> id);
    [[nodiscard]] nlohmann::json list() const;
    std::optional<FaultAction> strike(const Request& request, const Route& route);

private:
    mutable std::mutex mutex_;
    std::vector<Fault> faults_;
    std::uint64_t next_id_ = 1;
};

/// The answer that takes the place of the handler's, if the action has one.
std::optional<Answer> replaced_answer(const FaultAction& action);
/// Do to an answer what the action says.
void spoil(const FaultAction& action, const Request& request, Answer& answer);

}  // namespace emulator
