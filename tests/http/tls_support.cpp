#include "tls_support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gds::http::testing {

namespace {

void run(const std::vector<std::string>& command) {
    Process process(command, {}, -1);
    if (process.wait() != 0) {
        std::abort();
    }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

/// Copy bytes both ways until one side closes.
void tunnel(int a, int b) {
    std::array<char, 16384> buffer{};
    std::array<pollfd, 2> ends{pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
    while (::poll(ends.data(), ends.size(), -1) > 0) {
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends.at(i).revents == 0) {
                continue;
            }
            const ssize_t got = ::recv(ends.at(i).fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) {
                return;
            }
            write_all(ends.at(1 - i).fd, {buffer.data(), static_cast<std::size_t>(got)});
        }
    }
}

std::vector<std::string> nghttpx(const Certificates& certificates, int port, int backend_port,
                                 const std::vector<std::string>& options) {
    std::vector<std::string> command{"nghttpx",
                                     "--conf=/dev/null",
                                     "--workers=1",
                                     "--no-ocsp",
                                     "--frontend=127.0.0.1," + std::to_string(port),
                                     "--backend=127.0.0.1," + std::to_string(backend_port)};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(certificates.key());
    command.push_back(certificates.certificate());
    return command;
}

}  // namespace

Process::Process(std::vector<std::string> command, std::vector<std::string> extra_environment,
                 int inherited) {
    // All memory is had before the fork: other threads may hold the allocator's lock.
    for (char** variable = environ; *variable != nullptr; ++variable) {
        extra_environment.emplace_back(*variable);
    }
    const auto arguments = pointers(command);
    const auto environment = pointers(extra_environment);
    const Fd quiet(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(quiet.get(), STDERR_FILENO);
        if (inherited >= 0) {
            ::dup2(inherited, 3);
        }
        ::execvpe(arguments[0], arguments.data(), environment.data());
        ::_exit(127);
    }
}

int Process::wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Process::~Process() {
    if (pid_ > 0) {
        ::kill(pid_, SIGTERM);
        wait();
    }
}

Certificates::Certificates() {
    std::string pattern = std::filesystem::temp_directory_path() / "http-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    const std::string ca_key = directory_ + "/ca.key";
    const std::vector<std::string> common{
        "openssl", "req",   "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes",  "-days", "2"};
    const auto make = [&](const std::vector<std::string>& rest) {
        std::vector<std::string> command = common;
        command.insert(command.end(), rest.begin(), rest.end());
        run(command);
    };
    make({"-keyout", ca_key, "-out", ca(), "-subj", "/CN=Test CA"});
    make({"-keyout", key(), "-out", certificate(), "-subj", "/CN=localhost", "-addext",
          "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE", "-CA",
          ca(), "-CAkey", ca_key});
}

Certificates::~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

std::string Certificates::file(const std::string& name, const std::string& content) const {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << content;
    return path;
}

// The socket listens before nghttpx starts, which takes it over by this variable: nobody has to
// wait for readiness or guess a free port.
TlsFront::TlsFront(const Certificates& certificates, int backend_port,
                   const std::vector<std::string>& options)
    : process_(nghttpx(certificates, listener_.port(), backend_port, options),
               {"NGHTTPX_ACCEPT_1=tcp,3"}, listener_.fd()) {}

ConnectProxy::ConnectProxy() : server_([this](int client, int) { serve(client); }) {}

void ConnectProxy::serve(int client) {
    const std::string head = read_head(client);
    const auto colon = head.find(':');
    if (head.rfind("CONNECT ", 0) != 0 || colon == std::string::npos) {
        write_all(client, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        asked_ = head;
    }
    const Fd target = connect_to(std::stoi(head.substr(colon + 1)));
    ++tunnels_;
    write_all(client, "HTTP/1.1 200 Connected\r\n\r\n");
    tunnel(client, target.get());
}

std::string ConnectProxy::asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
}

ScopedEnvironment::ScopedEnvironment(std::string name, const std::string& value)
    : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
}

ScopedEnvironment::~ScopedEnvironment() {
    ::unsetenv(name_.c_str());
}

}  // namespace gds::http::testing
