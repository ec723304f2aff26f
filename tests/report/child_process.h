#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace gds::report::testing {

/// Another program, with one of its output streams on a pipe. Killed and reaped at the end.
class ChildProcess {
public:
    /// `stream`: STDOUT_FILENO or STDERR_FILENO is what read_line() gives.
    ChildProcess(std::vector<std::string> command, int stream) {
        std::array<int, 2> pipe{};
        if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
            std::abort();
        }
        std::vector<char*> arguments;
        for (std::string& argument : command) {
            arguments.push_back(argument.data());
        }
        arguments.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(pipe[1], stream);
            ::execvp(arguments[0], arguments.data());
            ::_exit(127);
        }
        ::close(pipe[1]);
        output_ = ::fdopen(pipe[0], "r");
    }

    ~ChildProcess() {
        if (pid_ > 0) {
            ::kill(pid_, SIGTERM);
        }
        wait();
        std::fclose(output_);
    }

    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// The next line with its newline; empty at the end.
    std::string read_line() {
        std::array<char, 4096> line{};
        return std::fgets(line.data(), line.size(), output_) == nullptr ? "" : line.data();
    }

    /// Its exit code, or -1 where it was killed or has been waited for.
    int wait() {
        int status = 0;
        if (pid_ <= 0 || ::waitpid(std::exchange(pid_, -1), &status, 0) < 0) {
            return -1;
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = -1;
    std::FILE* output_ = nullptr;
};

}  // namespace gds::report::testing
