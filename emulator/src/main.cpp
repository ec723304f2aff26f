#include "edits.h"
#include "jwt.h"
#include "listener.h"
#include "proxy.h"
#include "server.h"
#include "service.h"
#include "tls.h"

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

namespace emulator {
namespace {

constexpr int kUsage = 2;

struct Options {
    std::string root, spec, address = "127.0.0.1", ca_out, ready_file, record;
    std::string service_account, make_service_account;
    int port = 0, tls_port = -1, proxy_port = -1;
    std::int64_t latency_ms = 0;
    std::size_t log_limit = 50'000;
    std::vector<std::string> switches, faults;
    bool list_switches = false, no_rescan = false;
    OAuthOptions oauth;
};

constexpr const char* kExamples = R"(Examples:
  Show a directory as My Drive, and mirror from it:
    drive-emulator --root ./drive --port 8080 --client-id demo --refresh-token demo
    GDRIVE_SYNC_CLIENT_ID=demo GDRIVE_SYNC_CLIENT_SECRET=any GDRIVE_SYNC_REFRESH_TOKEN=demo \
      gdrive-sync sync --source claude/files --dest ./mirror \
      --drive-endpoint http://127.0.0.1:8080 --token-endpoint http://127.0.0.1:8080/token
  Stand where Google stands, for a client that knows no endpoint options:
    drive-emulator --root ./drive --proxy-port 3128 --ca-out ca.pem
    HTTPS_PROXY=http://127.0.0.1:3128 SSL_CERT_FILE=ca.pem rclone lsf gdrive:
  A tree by specification, a Drive that loses items, and one download that breaks off:
    drive-emulator --open --spec tree.json --switch list-loses-items \
      --fault '{"match": {"label": "files.media", "nth": 3}, "action": {"cut_after": 1000}}'

What is served is printed first, one address a line: "listening http://...", "listening https://...",
"proxy http://...". SIGTERM, SIGINT or POST /_emulator/stop end it. Exit code 2: it could not start as
asked. Specifications, faults, switches and the control API: docs/emulator.md.)";

/// Says in the help under which heading an option stands, and what its value is called.
void show(CLI::Option* option, const char* group, const char* type) {
    option->group(group)->type_name(type);
}

void declare_tree(CLI::App& app, Options& o) {
    const char* const group = "What the Drive holds";
    show(app.add_option("--root", o.root,
                        "a directory to show as My Drive; changes on disk become changes"),
         group, "DIR");
    app.add_flag("--no-rescan", o.no_rescan,
                 "look for such changes only where POST /_emulator/rescan asks")
        ->group(group);
    show(app.add_option("--spec", o.spec, "a tree described in JSON"), group, "FILE");
}

void declare_serving(CLI::App& app, Options& o) {
    const char* const group = "Where it is served";
    show(app.add_option("--address", o.address, "IPv4 address to listen on")->capture_default_str(),
         group, "ADDRESS");
    show(app.add_option("--port", o.port, "plain HTTP; 0 takes a free port")->capture_default_str(),
         group, "PORT");
    show(app.add_option("--tls-port", o.tls_port, "HTTPS as well; 0 takes a free port"), group,
         "PORT");
    show(app.add_option("--proxy-port", o.proxy_port,
                        "an HTTP proxy as well, where CONNECT to a host of Google's leads here"),
         group, "PORT");
    show(app.add_option("--ca-out", o.ca_out,
                        "write the certificate authority to trust there, new at each start"),
         group, "FILE");
    show(app.add_option("--ready-file", o.ready_file,
                        "write the addresses there once all are served"),
         group, "FILE");
}

void declare_accounts(CLI::App& app, Options& o) {
    const char* const group = "Who may ask (what is not given is not checked)";
    show(app.add_option("--client-id", o.oauth.client_id, "the only client there is"), group, "ID");
    show(app.add_option("--client-secret", o.oauth.client_secret, "its secret"), group, "SECRET");
    show(app.add_option("--refresh-token", o.oauth.refresh_token,
                        "the only good refresh token, beside those issued here"),
         group, "TOKEN");
    show(
        app.add_option("--access-token", o.oauth.access_token, "an access token that always works"),
        group, "TOKEN");
    show(app.add_option("--service-account", o.service_account,
                        "accept the account of this key file"),
         group, "FILE");
    show(app.add_option("--make-service-account", o.make_service_account,
                        "make an account, write its key file there, and accept it"),
         group, "FILE");
    app.add_flag("--open", o.oauth.open, "answer Drive requests without any token")->group(group);
}

void declare_behaviour(CLI::App& app, Options& o) {
    const char* const group = "How it behaves";
    const std::map<std::string, std::int64_t> units = {{"ms", 1}, {"s", 1000}};
    CLI::Validator time =
        CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_OPTIONAL, "TIME");
    time.description("");
    show(app.add_option("--switch", o.switches, "NAME or NAME=NUMBER; may be repeated"), group,
         "SWITCH");
    app.add_flag("--list-switches", o.list_switches, "print all switches and end")->group(group);
    show(app.add_option("--fault", o.faults, "a fault as JSON; may be repeated"), group, "JSON");
    show(app.add_option("--latency", o.latency_ms, "wait before each answer, such as 50ms")
             ->transform(time),
         group, "TIME");
    show(app.add_option("--record", o.record, "append every request and JSON answer, one a line"),
         group, "FILE");
    show(app.add_option("--log-limit", o.log_limit, "how many requests the control API remembers")
             ->capture_default_str(),
         group, "N");
}

void declare(CLI::App& app, Options& o) {
    declare_tree(app, o);
    declare_serving(app, o);
    declare_accounts(app, o);
    declare_behaviour(app, o);
    app.footer(kExamples);
}

void list_switches() {
    for (const SwitchInfo& info : all_switches()) {
        std::cout << info.name << " (" << info.initial << "): " << info.effect << '\n';
    }
}

int fail(const std::string& message) {
    std::cerr << "drive-emulator: " << message << '\n';
    return kUsage;
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// By rename, so that whoever waits for the file never reads half of it.
bool write_file(const std::string& path, const std::string& text) {
    const std::string draft = path + ".new";
    {
        std::ofstream file(draft, std::ios::binary | std::ios::trunc);
        file << text;
        if (!file.flush()) {
            return false;
        }
    }
    return std::rename(draft.c_str(), path.c_str()) == 0;
}

std::string load_tree(const Options& options, Service& service) {
    if (!options.spec.empty()) {
        const auto text = read_file(options.spec);
        const auto spec = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
        if (!text || spec.is_discarded()) {
            return options.spec + (text ? " is no JSON" : " cannot be read");
        }
        if (auto loaded = load_spec(service.store(), spec); !loaded) {
            return options.spec + ": " + loaded.error();
        }
    }
    if (!options.root.empty() && !service.open_root(options.root, !options.no_rescan)) {
        return options.root + " is no directory that can be read";
    }
    return {};
}

std::string set_up(const Options& options, Service& service) {
    for (const std::string& text : options.switches) {
        const auto equals = text.find('=');
        const auto id = find_switch(text.substr(0, equals));
        const std::string value = equals == std::string::npos ? "1" : text.substr(equals + 1);
        if (!id || value.empty() || value.find_first_not_of("-0123456789") != std::string::npos) {
            return "--switch " + text + ": see --list-switches for the names; values are numbers";
        }
        service.switches().set(*id, std::atoll(value.c_str()));
    }
    for (const std::string& text : options.faults) {
        const auto json = nlohmann::json::parse(text, nullptr, false);
        auto fault =
            json.is_discarded() ? tl::unexpected(std::string("no JSON")) : parse_fault(json);
        if (!fault) {
            return "--fault " + text + ": " + fault.error();
        }
        service.faults().add(std::move(*fault));
    }
    if (!options.record.empty() && !service.log().record_to(options.record)) {
        return options.record + " cannot be written";
    }
    service.set_latency(options.latency_ms);
    return load_tree(options, service);
}

std::string set_up_service_account(const Options& options, Service& service) {
    std::optional<ServiceAccountKey> key;
    if (!options.make_service_account.empty()) {
        key = make_service_account("https://oauth2.googleapis.com/token");
        if (!key || !write_file(options.make_service_account, key->key_file)) {
            return options.make_service_account + " cannot be written";
        }
        service.oauth().add_service_account(key->email, key->public_key_pem);
    }
    if (!options.service_account.empty()) {
        key = read_service_account(read_file(options.service_account).value_or(""));
        if (!key) {
            return options.service_account + " is no service account's key file";
        }
        service.oauth().add_service_account(key->email, key->public_key_pem);
    }
    return {};
}

/// Sockets, served until the process ends.
class FrontEnd {
public:
    FrontEnd(const Options& options, HttpServer& server, const TlsContext* tls)
        : options_(options), server_(server), tls_(tls) {}

    /// Binds and serves all that was asked for; false where a port is taken.
    bool start() {
        return listen(options_.port, "listening http://",
                      [this](int fd) {
                          const auto channel = make_plain_channel(fd);
                          server_.serve(*channel, "http");
                      }) &&
               (options_.tls_port < 0 || listen(options_.tls_port, "listening https://",
                                                [this](int fd) { serve_tls(fd, "tls"); })) &&
               (options_.proxy_port < 0 ||
                listen(options_.proxy_port, "proxy http://", [this](int fd) {
                    if (accept_tunnel(fd)) {
                        serve_tls(fd, "proxy");
                    } else {
                        ::close(fd);
                    }
                }));
    }
    [[nodiscard]] const std::string& addresses() const { return addresses_; }

private:
    bool listen(int port, const std::string& what, Listener::Serve serve) {
        listeners_.push_back(std::make_unique<Listener>(options_.address, port));
        const Listener& listener = *listeners_.back();
        if (listener.port() == 0) {
            return false;
        }
        addresses_ += what + options_.address + ":" + std::to_string(listener.port()) + "\n";
        listener.start(std::move(serve));
        return true;
    }
    void serve_tls(int fd, const char* via) {
        if (const auto channel = tls_->accept(fd)) {
            server_.serve(*channel, via);
        }
    }

    const Options& options_;
    HttpServer& server_;
    const TlsContext* tls_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::string addresses_;
};

int run(const Options& options) {
    // Blocked before any thread starts, so that only sigwait() below sees them.
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stops, nullptr);
    if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return fail("SIGPIPE cannot be ignored");
    }

    Service service(options.oauth, options.log_limit);
    for (const std::string& error :
         {set_up(options, service), set_up_service_account(options, service)}) {
        if (!error.empty()) {
            return fail(error);
        }
    }
    const auto tls = TlsContext::make();
    if (!tls || (!options.ca_out.empty() && !write_file(options.ca_out, tls->ca_pem()))) {
        return fail("no certificates could be made, or --ca-out cannot be written");
    }
    HttpServer server([&service](const Request& request) { return service.answer(request); });
    FrontEnd front(options, server, tls.get());
    if (!front.start()) {
        return fail("a port is taken, or --address is none of this machine");
    }
    if (!options.ready_file.empty() && !write_file(options.ready_file, front.addresses())) {
        return fail(options.ready_file + " cannot be written");
    }
    std::cout << front.addresses() << std::flush;
    int signal = 0;
    while (sigwait(&stops, &signal) != 0) {
    }
    // Connections have threads that may be stalled on purpose: nobody waits for them.
    ::_exit(0);
}

}  // namespace
}  // namespace emulator

int main(int argc, char** argv) try {
    emulator::Options options;
    CLI::App app("Stands in for Google's token endpoint and Drive API v3, for reading.",
                 "drive-emulator");
    emulator::declare(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : emulator::kUsage;
    }
    if (options.list_switches) {
        emulator::list_switches();
        return 0;
    }
    return emulator::run(options);
} catch (const std::exception& error) {
    std::fprintf(stderr, "drive-emulator: %s\n", error.what());  // NOLINT(cert-err33-c)
    return 1;
}
