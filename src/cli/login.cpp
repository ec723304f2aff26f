#include "login.h"

#include "gds/auth/login.h"
#include "gds/auth/token_source.h"
#include "gds/base/log.h"
#include "program.h"
#include "settings.h"

#include <fmt/core.h>

#include <cstdio>

namespace gds::cli {

namespace {

Result<auth::OAuthClient> client_of(const config::Resolved& options) {
    auth::CredentialSources sources = credential_sources(options);
    const std::string given_id = options.text("client-id");
    if (!given_id.empty()) {
        sources.environment = [given_id](const std::string& name) {
            return name == "GDRIVE_SYNC_CLIENT_ID" ? std::optional(given_id) : environment(name);
        };
    }
    return auth::load_client(sources);
}

/// Everything that can be known to be wrong before a person is asked to consent.
Status check_output(const std::string& output, bool replace) {
    if (output.empty()) {
        return error(Code::invalid_argument, "name a file for the credentials with --output");
    }
    return auth::check_private_file(output, replace);
}

void show(const std::string& url) {
    const Status shown =
        print("Open this address in a browser and allow the access:\n\n" + url + "\n\n");
    if (!shown || std::fflush(stdout) != 0) {
        log::warn("the address could not be shown on standard output");
    }
}

ExitCode failed(const Error& problem, const Cancel& cancel) {
    const ExitCode code = problem.code == Code::cancelled         ? stop_code(cancel.reason())
                          : problem.code == Code::unauthenticated ? ExitCode::auth
                          : problem.code == Code::conflict        ? ExitCode::usage
                                                                  : ExitCode::source;
    log::outcome(code, problem.message);
    return code;
}

}  // namespace

ExitCode login(const config::Resolved& options, Cancel& cancel) {
    const auto client = client_of(options);
    if (!client) {
        return usage(client.error());
    }
    const std::string output = options.text("output");
    const bool replace = options.toggle("force");
    if (const Status free = check_output(output, replace); !free) {
        return usage(free.error());
    }
    auth::LoginOptions login;
    login.client = *client;
    login.auth_endpoint = options.text("auth-endpoint");
    login.token_endpoint = options.text("token-endpoint");
    login.port = static_cast<int>(options.integer("port"));
    login.http = http_options(options);
    const auto done = auth::login(login, show, cancel);
    if (!done) {
        return failed(done.error(), cancel);
    }
    const Status written =
        auth::write_private_file(output, auth::authorized_user_json(done->credentials), replace);
    if (!written) {
        return usage(written.error());
    }
    for (const std::string& warning : auth::check_token(done->token).warnings) {
        log::warn(warning);
    }
    const Status said =
        print(fmt::format("The credentials are in {}; use them with --credentials.\n", output));
    return said ? ExitCode::ok : ExitCode::internal;
}

}  // namespace gds::cli
