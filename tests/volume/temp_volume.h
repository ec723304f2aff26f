#pragma once

#include "gds/volume/volume.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace gds::volume::testing {

/// A destination of its own in TMPDIR, removed at the end.
class TempVolume {
public:
    TempVolume() : volume_(open_new()) {}
    ~TempVolume() {
        std::error_code ignored;
        std::filesystem::remove_all(volume_.path(), ignored);
    }
    TempVolume(const TempVolume&) = delete;
    TempVolume& operator=(const TempVolume&) = delete;

    const Volume& operator*() const { return volume_; }
    const Volume* operator->() const { return &volume_; }
    [[nodiscard]] std::string full(const std::string& relative) const {
        return volume_.path() + "/" + relative;
    }

    void write(const std::string& relative, const std::string& text) const {
        const std::filesystem::path path = full(relative);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    [[nodiscard]] std::string read(const std::string& relative) const {
        std::ifstream stream(full(relative), std::ios::binary);
        std::ostringstream text;
        text << stream.rdbuf();
        return stream ? text.str() : "(unreadable)";
    }
    [[nodiscard]] bool exists(const std::string& relative) const {
        std::error_code ignored;
        return std::filesystem::exists(std::filesystem::symlink_status(full(relative), ignored));
    }
    /// Names in a folder, sorted.
    [[nodiscard]] std::vector<std::string> names(const std::string& relative) const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(full(relative))) {
            found.push_back(entry.path().filename().string());
        }
        std::sort(found.begin(), found.end());
        return found;
    }

private:
    static Volume open_new() {
        std::string path = (std::filesystem::temp_directory_path() / "gds-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) {
            std::abort();
        }
        return *Volume::open(path);
    }

    Volume volume_;
};

}  // namespace gds::volume::testing
