#include "advice.h"

#include <fmt/core.h>

#include <string_view>

namespace gds::run {

namespace {

std::string_view destination_remedy(Code code) {
    switch (code) {
        case Code::disk_full: return "make room on the volume, then run again";
        case Code::read_only: return "make the volume writable, then run again";
        case Code::permission_denied: return "let this user write there, then run again";
        case Code::io: return "check the volume and the kernel's log, then run again";
        default: return "";
    }
}

std::string_view source_remedy(Code code) {
    switch (code) {
        case Code::rate_limited:
        case Code::unavailable:
        case Code::timeout:
        case Code::bad_response:
        case Code::incomplete: return "nothing was deleted, and the next run tries again";
        case Code::permission_denied:
        case Code::unauthenticated: return "`gdrive-sync auth check` says what works and what not";
        default: return "";
    }
}

Error with(const Error& problem, std::string_view remedy) {
    Error advised = problem;
    if (!remedy.empty()) {
        advised.message += fmt::format("; {}", remedy);
    }
    return advised;
}

}  // namespace

Error advise_on_destination(const Error& problem, const std::string& destination) {
    const Error advised = with(problem, destination_remedy(problem.code));
    const bool named = problem.message.find(destination) != std::string::npos;
    return named ? advised : advised.context(destination);
}

Error advise_on_source(const Error& problem) {
    // What the token endpoint refuses comes with its own remedy.
    const bool advised = problem.message.find("gdrive-sync auth") != std::string::npos;
    return advised ? problem : with(problem, source_remedy(problem.code));
}

}  // namespace gds::run
