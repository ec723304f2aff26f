#include "helper_process.h"

#include "gds/base/fd.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is POSIX's
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace gds::registry {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 64 * 1024;

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return errno_error(errno, "pipe");
    }
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<pid_t> spawn(const std::vector<std::string>& command, const Pipe& in, const Pipe& out) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: exec's signature
    }
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int problem =
        ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        return errno_error(problem, command[0]);
    }
    return child;
}

/// Everything until the end of the stream, in time.
Result<std::string> read_all(int fd, Clock::time_point deadline, const std::string& name) {
    std::string output;
    std::array<char, 4096> block{};
    for (;;) {
        const auto left = std::chrono::ceil<Millis>(deadline - Clock::now());
        pollfd waiting{fd, POLLIN, 0};
        if (left <= Millis(0) || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
            return error(Code::timeout, fmt::format("{} does not answer", name));
        }
        const ssize_t count = ::read(fd, block.data(), block.size());
        if (count == 0) {
            return output;
        }
        if (count > 0) {
            output.append(block.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return errno_error(errno, name);
        }
        if (output.size() > kMostOutput) {
            return error(Code::bad_response, fmt::format("{} says too much", name));
        }
    }
}

}  // namespace

Result<HelperAnswer> run_helper(const std::vector<std::string>& command, std::string_view input,
                                Millis longest) {
    Pipe in = GDS_TRY(make_pipe());
    Pipe out = GDS_TRY(make_pipe());
    const pid_t child = GDS_TRY(spawn(command, in, out));
    GDS_CHECK(in.read.close());
    GDS_CHECK(out.write.close());
    // A pipe takes this little without waiting; SIGPIPE is ignored by the program.
    const ssize_t written = ::write(in.write.get(), input.data(), input.size());
    GDS_CHECK(in.write.close());
    auto output = read_all(out.read.get(), Clock::now() + longest, command[0]);
    if (!output || written != static_cast<ssize_t>(input.size())) {
        ::kill(child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!output) {
        return output.error();
    }
    return HelperAnswer{*std::move(output), WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

}  // namespace gds::registry
