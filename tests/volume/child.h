#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>

/// Tests whose subject meets a kernel or a file system that refuses a call: a child process filters
/// that one system call, so the code under test sees a real errno.
namespace gds::volume::testing {

/// From now on `call` of this process meets `verdict`. Cannot be undone: for children only.
inline bool filter_call(long call, unsigned verdict) {
    const auto number = static_cast<unsigned>(call);
    std::array<sock_filter, 4> program{{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number},
        {BPF_RET | BPF_K, 0, 0, verdict},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// `call` fails with `errno_value`.
inline bool refuse_call(long call, int errno_value) {
    return filter_call(call, SECCOMP_RET_ERRNO | static_cast<unsigned>(errno_value));
}

/// The process is killed as soon as it makes that call.
inline bool die_at_call(long call) {
    return filter_call(call, SECCOMP_RET_KILL_PROCESS);
}

/// Runs `body`, which says true for success, in a child; false where it said no or died.
template <class Body>
bool in_child(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(body() ? 0 : 1);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace gds::volume::testing
