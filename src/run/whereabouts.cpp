#include "whereabouts.h"

#include "gds/volume/volume.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace gds::run {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDestination = "destination";

}  // namespace

std::string database_path(const std::string& destination, const std::string& state_dir) {
    return (state_dir.empty() ? fmt::format("{}/{}", destination, volume::kStateDirName)
                              : state_dir) +
           "/state.db";
}

std::string temporary_directory() {
    // Read once, before any thread starts.
    const char* directory = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe)
    return directory == nullptr || *directory == '\0' ? "/tmp" : directory;
}

Status remember_destination(state::Store& store, const std::string& destination) {
    std::error_code problem;
    const std::string absolute = fs::canonical(destination, problem).string();
    if (problem) {
        return errno_error(problem.value(), destination);
    }
    const std::string known = GDS_TRY(store.meta(kDestination));
    return known == absolute ? Status() : store.set_meta(kDestination, absolute);
}

Result<std::string> destination_of(const std::string& state_dir) {
    std::error_code ignored;
    const fs::path directory = fs::weakly_canonical(state_dir, ignored);
    if (directory.filename() == volume::kStateDirName) {
        return directory.parent_path().string();
    }
    const std::string database = database_path("", state_dir);
    if (::access(database.c_str(), F_OK) == 0) {
        state::Store store = GDS_TRY(state::Store::open_copy(database, temporary_directory()));
        std::string known = GDS_TRY(store.meta(kDestination));
        if (!known.empty()) {
            return known;
        }
    }
    return error(Code::invalid_argument,
                 fmt::format("{} does not say which directory its state belongs to; name it with "
                             "--dest DIR",
                             state_dir));
}

}  // namespace gds::run
