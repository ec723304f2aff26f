#include "gds/base/log.h"
#include "gds/report/status.h"
#include "gds/run/run.h"
#include "gds/state/store.h"
#include "gds/volume/trash.h"
#include "gds/volume/volume.h"
#include "source.h"
#include "status_view.h"
#include "whereabouts.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace gds::run {

namespace {

ExitCode refuse(ExitCode code, const Error& problem) {
    log::outcome(code, problem.message);
    return code;
}

/// The settings with a destination, also where only the state directory was named.
Result<VolumeSettings> locate(VolumeSettings settings) {
    if (settings.destination.empty()) {
        settings.destination = GDS_TRY(destination_of(settings.state_dir));
    }
    return settings;
}

/// The marker, if `plan` is what it withholds. Error: invalid_argument where it is not.
Result<volume::Marker> withheld_marker(const volume::Volume& volume, const std::string& plan) {
    const auto read = volume::read_marker(volume);
    if (!read) {
        Error unreadable = read.error();
        unreadable.code = Code::io;  // nothing that the caller gave is wrong
        return unreadable;
    }
    const std::optional<volume::Marker>& marker = *read;
    if (!marker || marker->withheld_plan.empty()) {
        return error(Code::invalid_argument, "no plan is withheld on this destination");
    }
    if (marker->withheld_plan != plan) {
        return error(Code::invalid_argument,
                     fmt::format("the withheld plan is {}, not {}; look at it with gdrive-sync "
                                 "status or diff, then approve that one",
                                 marker->withheld_plan, printable(plan)));
    }
    return *marker;
}

/// What a failed approval ends with.
ExitCode code_of(const Error& problem, const Cancel& cancel) {
    switch (problem.code) {
        case Code::invalid_argument: return ExitCode::usage;
        case Code::busy: return ExitCode::busy;
        case Code::cancelled: return stop_code(cancel.reason());
        default: return ExitCode::destination;
    }
}

}  // namespace

ExitCode status(const VolumeSettings& asked, const Output& output) {
    const auto located = locate(asked);
    if (!located) {
        return refuse(ExitCode::usage, located.error());
    }
    const VolumeSettings& settings = *located;
    const auto view = status_view(settings);
    if (!view) {
        return refuse(ExitCode::destination, view.error().context("status"));
    }
    const std::string text =
        settings.format == "json" ? report::status_json(*view) : report::status_text(*view);
    const Status written = output(text);
    return written ? ExitCode::ok : refuse(ExitCode::internal, written.error());
}

ExitCode approve(const VolumeSettings& asked, const std::string& plan, Cancel& cancel,
                 const Output& output) {
    const auto located = locate(asked);
    if (!located) {
        return refuse(ExitCode::usage, located.error());
    }
    const VolumeSettings& settings = *located;
    const auto volume = volume::Volume::open(settings.destination);
    if (!volume) {
        return refuse(ExitCode::destination, volume.error());
    }
    // A mistake is told at once; what counts is what stands there once no run is at work any more.
    if (const auto early = withheld_marker(*volume, plan); !early) {
        return refuse(code_of(early.error(), cancel), early.error());
    }
    const auto lock = volume::Lock::acquire(*volume, "approve-" + plan, settings.lock_wait, cancel);
    if (!lock) {
        return refuse(code_of(lock.error(), cancel), lock.error());
    }
    auto marker = withheld_marker(*volume, plan);
    if (!marker) {
        return refuse(code_of(marker.error(), cancel), marker.error());
    }
    marker->approved_plan = plan;
    if (const Status written = volume::write_marker(*volume, *marker); !written) {
        return refuse(ExitCode::destination, written.error());
    }
    const Status said = output(fmt::format(
        "plan {} is approved: the next sync carries it out if it is still the same set\n", plan));
    return said ? ExitCode::ok : refuse(ExitCode::internal, said.error());
}

namespace {

Result<std::string> describe_token(auth::TokenSource& tokens) {
    const auth::AccessToken token = GDS_TRY(tokens.token());
    const auth::TokenCheck check = auth::check_token(token);
    std::string text =
        fmt::format("token:   works, scope {}\n", check.scope.empty() ? "not stated" : check.scope);
    for (const std::string& warning : check.warnings) {
        text += fmt::format("warning: {}\n", warning);
    }
    return text;
}

}  // namespace

ExitCode check_credentials(const Settings& settings, Cancel& cancel, const Output& output) {
    const auto credentials = auth::load_credentials(settings.credentials);
    if (!credentials) {
        return refuse(ExitCode::usage, credentials.error());
    }
    auth::TokenSource tokens(*credentials, settings.token_endpoint, settings.drive_endpoint,
                             settings.http, cancel);
    const auto map = [&cancel](const Error& problem) {
        return refuse(problem.code == Code::unauthenticated    ? ExitCode::auth
                      : problem.code == Code::invalid_argument ? ExitCode::usage
                      : problem.code == Code::cancelled        ? stop_code(cancel.reason())
                                                               : ExitCode::source,
                      problem);
    };
    auto text = describe_token(tokens);
    if (!text) {
        return map(text.error());
    }
    http::Engine engine(settings.http, cancel, &tokens);
    const SourceSettings source = effective_source(settings.source, *credentials);
    drive::Api api(engine, settings.drive_endpoint, drive::Corpus{source.drive_id});
    const auto account = api.about();
    if (!account) {
        return map(account.error());
    }
    *text += fmt::format("account: {} ({})\n", printable(account->email),
                         printable(account->display_name));
    const bool rooted = !credentials->root_folder_id.empty() || !source.drive_id.empty();
    if (!source.path.empty() || !source.id.empty() || rooted) {
        const auto found = find_source(api, settings.source, *credentials, std::nullopt);
        if (!found) {
            [[maybe_unused]] const Status said = output(*text);
            return map(found.error().context("the source folder"));
        }
        *text +=
            fmt::format("folder:  {} (id {})\n", printable(found->folder.name), found->folder.id);
    }
    const Status said = output(*text);
    return said ? ExitCode::ok : refuse(ExitCode::internal, said.error());
}

}  // namespace gds::run
