#include "copy.h"

#include "gds/base/text.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>

namespace gds::state {

namespace fs = std::filesystem;

namespace {

constexpr int kAttempts = 100;
/// Longer than the steps in which file systems count time.
constexpr Millis kPause{25};
constexpr std::array<const char*, 2> kParts = {"", "-journal"};

/// Which file it is and when it was last written; all zero where there is none.
using Mark = std::array<std::int64_t, 4>;
using Marks = std::array<Mark, kParts.size()>;

Result<Marks> marks_of(const std::string& path) {
    Marks marks{};
    for (std::size_t i = 0; i < kParts.size(); ++i) {
        struct stat raw {};
        if (::stat((path + kParts[i]).c_str(), &raw) == 0) {
            marks[i] = {static_cast<std::int64_t>(raw.st_ino), raw.st_size, raw.st_mtim.tv_sec,
                        raw.st_mtim.tv_nsec};
        } else if (errno != ENOENT) {
            return errno_error(errno, path + kParts[i]);
        }
    }
    return marks;
}

Status copy_parts(const std::string& path, const std::string& copy) {
    for (const char* part : kParts) {
        std::error_code problem;
        const std::string from = path + part;
        if (fs::exists(from, problem)) {
            fs::copy_file(from, copy + part, fs::copy_options::overwrite_existing, problem);
        }
        if (!problem && fs::exists(copy + part, problem)) {
            // A volume that is read-only may hold files that nobody may write to.
            fs::permissions(copy + part, fs::perms::owner_read | fs::perms::owner_write, problem);
        }
        if (problem) {
            return errno_error(problem.value(), fmt::format("cannot copy {} to {}", from, copy));
        }
    }
    return {};
}

}  // namespace

Status copy_at_rest(const std::string& path, const std::string& copy) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const Marks before = GDS_TRY(marks_of(path));
        std::this_thread::sleep_for(kPause);
        if (GDS_TRY(marks_of(path)) != before) {
            continue;
        }
        GDS_CHECK(copy_parts(path, copy));
        if (GDS_TRY(marks_of(path)) == before) {
            return {};
        }
    }
    return error(Code::busy, fmt::format("a run keeps writing to {}; try again later", path));
}

}  // namespace gds::state
