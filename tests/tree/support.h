#pragma once

#include "gds/base/text.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gds::tree {

/// A directory of its own, removed with everything in it.
class TempDir {
public:
    TempDir() : path_(std::filesystem::temp_directory_path() / ("gds-tree-" + random_hex(8))) {
        std::filesystem::create_directory(path_);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Writes a file, with the directories above it, and returns its path.
    std::string write(const std::string& relative, const std::string& text) const {
        const auto file = path_ / relative;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file;
    }

private:
    std::filesystem::path path_;
};

/// Standard output of a program and how it ended.
struct Finished {
    std::string output;
    int status = -1;
};

/// Runs the installed rclone, without any configuration.
inline Finished rclone(const std::vector<std::string>& arguments) {
    std::string command = "rclone --config='' --quiet";
    for (const auto& argument : arguments) {
        command += " '" + argument + "'";  // the tests use no single quotes
    }
    Finished finished;
    FILE* pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c)
    if (pipe == nullptr) {
        return finished;
    }
    char buffer[4096];
    for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        finished.output.append(buffer, count);
    }
    finished.status = ::pclose(pipe);
    return finished;
}

}  // namespace gds::tree
