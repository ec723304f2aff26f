#include "open_mark.h"

#include "gds/base/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

namespace gds::state {

namespace {

constexpr std::string_view kDamaged = "damaged\n";

std::string mark_of(const std::string& path) {
    return path + "-open";
}

}  // namespace

OpenMark::Last OpenMark::look(const std::string& path) {
    const Result<std::string> mark = read_small_file(mark_of(path));
    if (!mark) {
        return mark.error().code == Code::not_found ? Last::closed : Last::not_closed;
    }
    return *mark == kDamaged ? Last::damaged : Last::not_closed;
}

OpenMark::OpenMark(const std::string& path) : path_(mark_of(path)), last_(look(path)) {
    const Fd made(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!made.valid()) {
        last_ = Last::not_closed;
    }
}

void OpenMark::close(bool damaged) {
    if (!damaged) {
        ::unlink(path_.c_str());
        return;
    }
    const Fd mark(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    // Where this fails, the mark stays as it is, and the next opening looks by itself.
    [[maybe_unused]] const ssize_t written = ::write(mark.get(), kDamaged.data(), kDamaged.size());
}

}  // namespace gds::state
